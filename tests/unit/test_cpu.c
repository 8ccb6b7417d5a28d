/* SPDX-License-Identifier: MIT */
/* cpu: the quota is read from made-up trees, one for each kind of machine. */
#include <criterion/criterion.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cpu.h"

#define V2_MOUNT "30 24 0:26 / /cg rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
#define V1_MOUNT "33 24 0:29 / /cg1/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"

static char root[] = "/tmp/weft-cpu-XXXXXX";

static void make_root(void)
{
    cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
    char command[sizeof(root) + 16];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(cpu, .timeout = 30, .init = make_root, .fini = remove_root);

/* Writes a file of the tree, and the directories that lead to it. */
static void put(const char *path, const char *text)
{
    char name[256];

    snprintf(name, sizeof(name), "%s%s", root, path);
    for (char *slash = name + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(name, 0700);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    cr_assert_not_null(file, "%s", name);
    fputs(text, file);
    fclose(file);
}

static void machine(const char *cgroup, const char *mountinfo)
{
    put("/proc/self/cgroup", cgroup);
    put("/proc/self/mountinfo", mountinfo);
}

Test(cpu, no_files_mean_no_quota)
{
    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
}

Test(cpu, version_2_quota_is_rounded_up)
{
    machine("0::/job\n", V2_MOUNT);

    put("/cg/job/cpu.max", "150000 100000\n");
    cr_expect_eq(weft__cpu_quota(root), 2);
    put("/cg/job/cpu.max", "200000 100000\n");
    cr_expect_eq(weft__cpu_quota(root), 2);
    put("/cg/job/cpu.max", "1000 100000\n");
    cr_expect_eq(weft__cpu_quota(root), 1);
}

Test(cpu, version_2_max_is_no_quota)
{
    machine("0::/job\n", V2_MOUNT);
    put("/cg/job/cpu.max", "max 100000\n");

    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
}

Test(cpu, a_parent_binds_its_children)
{
    machine("0::/slice/job/step\n", V2_MOUNT);
    put("/cg/slice/job/step/cpu.max", "800000 100000\n");
    put("/cg/slice/job/cpu.max", "max 100000\n");
    put("/cg/slice/cpu.max", "300000 100000\n");

    cr_expect_eq(weft__cpu_quota(root), 3);
}

Test(cpu, version_1_quota_counts)
{
    machine("5:memory:/m\n4:cpu,cpuacct:/job\n0::/\n", V1_MOUNT);
    put("/cg1/cpu/job/cpu.cfs_quota_us", "250000\n");
    put("/cg1/cpu/job/cpu.cfs_period_us", "100000\n");

    cr_expect_eq(weft__cpu_quota(root), 3);
}

Test(cpu, version_1_minus_one_is_no_quota)
{
    machine("4:cpu,cpuacct:/job\n", V1_MOUNT);
    put("/cg1/cpu/job/cpu.cfs_quota_us", "-1\n");
    put("/cg1/cpu/job/cpu.cfs_period_us", "100000\n");

    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
}

Test(cpu, cpuset_and_cpuacct_are_not_cpu)
{
    machine("4:cpuset,cpuacct:/job\n",
            "33 24 0:29 / /cg1/set rw - cgroup cgroup rw,cpuset,cpuacct\n");
    put("/cg1/set/job/cpu.cfs_quota_us", "100000\n");
    put("/cg1/set/job/cpu.cfs_period_us", "100000\n");

    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
}

Test(cpu, of_both_versions_the_smaller_counts)
{
    machine("4:cpu:/job\n0::/other\n", V1_MOUNT V2_MOUNT);
    put("/cg1/cpu/job/cpu.cfs_quota_us", "400000\n");
    put("/cg1/cpu/job/cpu.cfs_period_us", "100000\n");
    put("/cg/other/cpu.max", "500000 100000\n");

    cr_expect_eq(weft__cpu_quota(root), 4);
}

Test(cpu, a_container_sees_its_own_part_of_the_tree)
{
    machine("4:cpu:/docker/abc/job\n",
            "33 24 0:29 /docker/abc /cg1/cpu rw - cgroup cgroup rw,cpu\n");
    put("/cg1/cpu/cpu.cfs_quota_us", "200000\n");
    put("/cg1/cpu/cpu.cfs_period_us", "100000\n");

    cr_expect_eq(weft__cpu_quota(root), 2);
}

Test(cpu, nonsense_is_no_quota)
{
    machine("what\n::\n0::/job\n\n", "what is this - cgroup2\n\n" V2_MOUNT);
    put("/cg/job/cpu.max", "100000 0\n");
    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
    put("/cg/job/cpu.max", "");
    cr_expect_eq(weft__cpu_quota(root), UINT_MAX);
}

Test(cpu, count_follows_the_affinity_mask)
{
    cpu_set_t before, one;
    unsigned first = 0;
    cr_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    while (!CPU_ISSET(first, &before))
        first++;
    unsigned all = weft__cpu_count();

    CPU_ZERO(&one);
    CPU_SET(first, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);

    cr_expect_eq(weft__cpu_count(), 1);
    cr_expect_geq(all, 1);
    cr_expect_leq(all, (unsigned)CPU_COUNT(&before));
}

Test(cpu, cycles_move_on)
{
    uint64_t before = weft__cpu_cycles();

    for (unsigned i = 0; i < 1000; i++)
        weft__cpu_pause();

    cr_expect_gt(weft__cpu_cycles(), before);
}

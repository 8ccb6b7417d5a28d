/* SPDX-License-Identifier: MIT */
/*
 * A cgroup is found in two steps: /proc/self/cgroup names it, relative to the root of its
 * hierarchy; /proc/self/mountinfo says where the hierarchy, or the part of it that a container
 * sees, is mounted. Version 2 has one hierarchy; of version 1's the one with the controller "cpu"
 * counts; a machine may have both. A quota binds all cgroups below it, so every directory from ours
 * up to the mount is read. What cannot be read or understood sets no limit.
 */
#include "runtime/base/cpu.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_2, VERSION_1, VERSIONS };

static unsigned affinity_count(void)
{
    for (size_t cpus = 1024; cpus <= 1 << 20; cpus *= 2) { /* the kernel's mask may be longer */
        size_t size = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set)
            break;
        bool known = sched_getaffinity(0, size, set) == 0;
        int count = known ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (known)
            return count > 0 ? (unsigned)count : 1;
    }
    return 1;
}

static FILE *open_file(const char *root, const char *directory, const char *name)
{
    char path[PATH_MAX];

    int n = snprintf(path, sizeof(path), "%s%s/%s", root, directory, name);
    return n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
}

/* Is [word] one of the words of [list], which commas separate and a newline may end? */
static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list; list += *list == ',') {
        size_t n = strcspn(list, ",\n");
        if (n == length && memcmp(list, word, n) == 0)
            return true;
        list += n;
        if (*list == '\n')
            break;
    }
    return false;
}

/* A line is "7:cpu,cpuacct:/path", in version 2 "0::/path". The paths found are the caller's. */
static void find_cgroups(const char *root, char *path[VERSIONS])
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = open_file(root, "/proc/self", "cgroup");

    while (file && getline(&line, &room, file) > 0) {
        char *controllers = strchr(line, ':');
        char *name = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!name)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        int version = controllers[1] ? VERSION_1 : VERSION_2;
        if (version == VERSION_1 && !is_listed(controllers + 1, "cpu"))
            continue;
        free(path[version]);
        path[version] = strdup(name);
    }
    free(line);
    if (file)
        fclose(file);
}

/* A directory's own limit; version 2 has "max 100000" or "150000 100000", version 1 two files. */
static unsigned limit_of(const char *root, const char *directory, int version)
{
    long long quota = -1, period = 0;
    FILE *file = open_file(root, directory, version == VERSION_2 ? "cpu.max" : "cpu.cfs_quota_us");

    if (!file)
        return UINT_MAX;
    int found = fscanf(file, "%lld %lld", &quota, &period);
    fclose(file);
    if (version == VERSION_1 && found == 1) {
        file = open_file(root, directory, "cpu.cfs_period_us");
        found += file ? fscanf(file, "%lld", &period) : 0;
        if (file)
            fclose(file);
    }
    if (found != 2 || quota <= 0 || period <= 0 || quota / period >= UINT_MAX - 1)
        return UINT_MAX;
    return (unsigned)(quota / period + (quota % period != 0));
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The smallest limit from [below] under [point] up to [point] itself. */
static unsigned limit_up(const char *root, const char *point, const char *below, int version)
{
    unsigned limit = UINT_MAX;
    char directory[PATH_MAX];
    size_t top = strlen(point);

    int n = snprintf(directory, sizeof(directory), "%s%s", point, below);
    if (n < 0 || (size_t)n >= sizeof(directory))
        return UINT_MAX;
    for (;;) {
        limit = smaller(limit, limit_of(root, directory, version));
        char *slash = strrchr(directory + top, '/');
        if (!slash)
            return limit;
        *slash = '\0';
    }
}

/*
 * One line of mountinfo: "31 24 0:27 ROOT POINT options - cgroup source superoptions". ROOT is the
 * directory of the hierarchy that is mounted: a container may see its own one at POINT.
 */
static unsigned limit_of_mount(const char *root, char *line, char *const path[VERSIONS])
{
    char mounted[PATH_MAX], point[PATH_MAX], type[16], options[PATH_MAX];
    char *tail = strstr(line, " - ");

    _Static_assert(PATH_MAX == 4096, "the widths below");
    if (!tail || sscanf(line, "%*s %*s %*s %4095s %4095s", mounted, point) != 2 ||
        sscanf(tail, " - %15s %*s %4095s", type, options) != 2)
        return UINT_MAX;
    int version = strcmp(type, "cgroup2") == 0 ? VERSION_2 : VERSION_1;
    if (version == VERSION_1 && (strcmp(type, "cgroup") != 0 || !is_listed(options, "cpu")))
        return UINT_MAX;
    if (!path[version])
        return UINT_MAX;
    size_t shared = strcmp(mounted, "/") == 0 ? 0 : strlen(mounted);
    bool inside = strncmp(path[version], mounted, shared) == 0 &&
                  (path[version][shared] == '/' || path[version][shared] == '\0');
    return limit_up(root, point, inside ? path[version] + shared : "", version);
}

unsigned weft__cpu_quota(const char *root)
{
    char *path[VERSIONS] = {NULL, NULL};
    char *line = NULL;
    size_t room = 0;
    unsigned limit = UINT_MAX;
    FILE *file = open_file(root, "/proc/self", "mountinfo");

    find_cgroups(root, path);
    while (file && getline(&line, &room, file) > 0)
        limit = smaller(limit, limit_of_mount(root, line, path));
    free(line);
    free(path[VERSION_1]);
    free(path[VERSION_2]);
    if (file)
        fclose(file);
    return limit;
}

unsigned weft__cpu_count(void)
{
    return smaller(affinity_count(), weft__cpu_quota(""));
}

/* SPDX-License-Identifier: MIT */
#include "runtime/base/symbol.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

void weft__symbol(const void *address, char *buffer, size_t size)
{
    const ElfW(Sym) *symbol = NULL;
    const char *file;
    Dl_info info;

    if (!dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT)) {
        snprintf(buffer, size, "%p", address);
        return;
    }
    /* The nearest symbol below is not the function's own if that is static. */
    size_t offset = (size_t)((const char *)address - (const char *)info.dli_saddr);
    if (info.dli_sname && symbol && offset < symbol->st_size) {
        snprintf(buffer, size, "%s+%#zx", info.dli_sname, offset);
        return;
    }
    file = strrchr(info.dli_fname, '/');
    snprintf(buffer, size, "%s+%#zx", file ? file + 1 : info.dli_fname,
             (size_t)((const char *)address - (const char *)info.dli_fbase));
}

bool weft__symbol_is_ours(const void *address)
{
    Dl_info its, ours;

    return dladdr(address, &its) && dladdr((void *)weft__symbol_is_ours, &ours) &&
           its.dli_fbase == ours.dli_fbase;
}

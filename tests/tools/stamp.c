/* A terraform that says when it started and stamps some lines of output, then becomes the real one: for the benchmark, which
 * measures from a run's creation to its process, and from a line of output to its reader.
 *
 * The real binary lies beside it as terraform.real. Only `plan` is stamped: the output of other commands is read by programs. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
    long long started = now();
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof ".real");
    if (length <= 0) {
        perror("terraform: /proc/self/exe");
        return 1;
    }
    strcpy(path + length, ".real");

    int plan = 0;
    for (int i = 1; i < argc; i++) {
        plan |= strcmp(argv[i], "plan") == 0;
    }
    if (plan) {
        printf("bench-started %lld\n", started);
        fflush(stdout);
        /* Only configurations that hold this file want it: the others are measured as they are. */
        if (access("stamped-lines", F_OK) == 0) {
            for (int i = 0; i < 300; i++) {
                struct timespec pause = {0, 10 * 1000 * 1000};
                nanosleep(&pause, NULL);
                printf("bench-line %lld\n", now());
                fflush(stdout);
            }
        }
    }
    argv[0] = path;
    execv(path, argv);
    perror("terraform.real");
    return 1;
}

/* A terraform of before 0.15 whose parent is missing: the builds that can be had print what is for people with the prefixes by which
 * terraform's own outer process tells results ("o:") from errors ("e:"), and their debug log beside them. This is that outer process.
 *
 * The real program lies beside this one as `terraform.inner`. It is made the foreground of the terminal, if there is one, so that a
 * Ctrl-C reaches it once; whoever signals this process instead is heard as well. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t inner;

static void forward(int signal_number) { kill(inner, signal_number); }

static void put(int to, const char *bytes, size_t length) {
    while (length) {
        ssize_t written = write(to, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        bytes += written;
        length -= (size_t)written;
    }
}

/* Copies lines without their prefix. What is shorter than a line goes on at once: questions end without one. */
static void copy(int from) {
    char chunk[65536];
    int to = STDOUT_FILENO, at = 0; /* at: how many letters of this line's prefix were seen; 2: its text has begun */
    char held = 0;
    for (;;) {
        ssize_t length = read(from, chunk, sizeof chunk);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return;
        ssize_t begin = 0;
        for (ssize_t i = 0; i < length; i++) {
            char letter = chunk[i];
            if (at == 0 && (letter == 'o' || letter == 'e')) {
                put(to, chunk + begin, (size_t)(i - begin));
                begin = i + 1;
                held = letter;
                at = 1;
            } else if (at == 1) {
                if (letter == ':') {
                    to = held == 'e' ? STDERR_FILENO : STDOUT_FILENO;
                    begin = i + 1;
                } else {
                    put(to, &held, 1);
                }
                at = letter == '\n' ? 0 : 2;
            } else {
                at = letter == '\n' ? 0 : 2;
            }
        }
        put(to, chunk + begin, (size_t)(length - begin));
    }
}

int main(int argc, char **argv) {
    (void)argc;
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof ".inner");
    int pipe_ends[2];
    if (length <= 0 || pipe2(pipe_ends, O_CLOEXEC)) {
        perror("terraform: start");
        return 1;
    }
    path[length] = 0;
    strcat(path, ".inner");

    signal(SIGTTOU, SIG_IGN);
    int terminal = isatty(STDIN_FILENO);
    inner = fork();
    if (inner < 0) {
        perror("terraform: fork");
        return 1;
    }
    if (inner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (terminal) {
            setpgid(0, 0);
            tcsetpgrp(STDIN_FILENO, getpid());
        }
        signal(SIGTTOU, SIG_DFL);
        dup2(pipe_ends[1], STDOUT_FILENO);
#ifndef ERRORS_APART
        /* Nothing but the debug log. From 0.15 on errors go there as well. */
        if (!getenv("TF_LOG")) dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
#endif
        execv(path, argv);
        perror(path);
        _exit(127);
    }
    close(pipe_ends[1]);
    int passed_on[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) signal(passed_on[i], forward);

    copy(pipe_ends[0]);
    int status = 0;
    while (waitpid(inner, &status, 0) < 0 && errno == EINTR) {}
    if (terminal) tcsetpgrp(STDIN_FILENO, getpgrp());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

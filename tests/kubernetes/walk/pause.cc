// The process that keeps the namespaces of a pod, and of a node in the walk. As
// their init it collects processes that ended, and does nothing else. It is
// linked statically: a pod's image has no other file.
#include <sys/wait.h>

#include <csignal>
#include <initializer_list>

int main() {
  sigset_t awaited;
  sigemptyset(&awaited);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM}) {
    sigaddset(&awaited, signal);
  }
  // Signals that are not blocked never reach an init that has no handler.
  sigprocmask(SIG_BLOCK, &awaited, nullptr);
  for (int signal = 0; sigwait(&awaited, &signal) == 0;) {
    if (signal != SIGCHLD) return 0;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  return 1;
}

#include "tests/kubernetes/control_plane.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::kubernetes {
namespace {

constexpr char kScript[] = "tests/kubernetes/control_plane.sh";

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe MakePipe() {
  std::array<int, 2> ends;
  LB_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
  return {ends[0], ends[1]};
}

}  // namespace

ControlPlane::ControlPlane(const std::string& core, const std::string& folder) {
  const Pipe input = MakePipe();
  const Pipe output = MakePipe();
  pid_ = fork();
  LB_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    setenv("KUBE_CORE", core.c_str(), 1);
    setenv("KUBE_DIR", folder.c_str(), 1);
    dup2(input.read, STDIN_FILENO);
    dup2(output.write, STDOUT_FILENO);
    execlp("bash", "bash", kScript, nullptr);
    _exit(127);
  }
  close(input.read);
  close(output.write);
  input_ = input.write;
  output_ = output.read;
  fcntl(output_, F_SETFL, O_NONBLOCK);
  signal(SIGPIPE, SIG_IGN);
}

ControlPlane::~ControlPlane() {
  // The script ends the servers when its input ends, and itself then.
  close(input_);
  waitpid(pid_, nullptr, 0);
  close(output_);
}

void ControlPlane::Tell(const std::string& line) {
  answer_.reset();
  const std::string text = line + "\n";
  LB_CHECK(write(input_, text.data(), text.size()) ==
           static_cast<ssize_t>(text.size()));
}

std::optional<bool> ControlPlane::Answer() {
  Read(absl::ZeroDuration());
  return answer_;
}

bool ControlPlane::Run(const std::string& line, absl::Duration limit) {
  Tell(line);
  const absl::Time until = absl::Now() + limit;
  while (!answer_ && absl::Now() < until) Read(absl::Milliseconds(100));
  if (!answer_) fmt::print("control_plane.sh: {}: no answer\n", line);
  return answer_.value_or(false);
}

void ControlPlane::Read(absl::Duration wait) {
  pollfd readable = {.fd = output_, .events = POLLIN};
  poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(wait)));
  std::array<char, 4096> buffer;
  const ssize_t size = read(output_, buffer.data(), buffer.size());
  if (size == 0) answer_ = false;  // The script is gone.
  if (size <= 0) return;
  unread_.append(buffer.data(), static_cast<size_t>(size));
  for (size_t end; (end = unread_.find('\n')) != unread_.npos;) {
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    if (line == "ok" || line == "failed") {
      answer_ = line == "ok";
    } else {
      fmt::print("{}\n", line);
    }
  }
}

}  // namespace lb::kubernetes

#include "tests/interop/peer_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "lb/base/check.h"

namespace lb::interop {
namespace {

constexpr absl::Duration kReplyLimit = absl::Seconds(10);

[[noreturn]] void Become(const std::vector<std::string>& command, int in,
                         int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

PeerProcess::PeerProcess(const std::vector<std::string>& command) {
  signal(SIGPIPE, SIG_IGN);
  int to_peer[2];
  int from_peer[2];
  LB_CHECK(pipe2(to_peer, O_CLOEXEC) == 0);
  LB_CHECK(pipe2(from_peer, O_CLOEXEC) == 0);
  pid_ = fork();
  LB_CHECK(pid_ >= 0);
  if (pid_ == 0) Become(command, to_peer[0], from_peer[1]);
  close(to_peer[0]);
  close(from_peer[1]);
  input_ = to_peer[1];
  output_ = from_peer[0];
  if (NextReply() != "ready") Kill();
}

void PeerProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  close(input_);
  close(output_);
}

void PeerProcess::Stop() { LB_CHECK(kill(pid_, SIGSTOP) == 0); }

void PeerProcess::Continue() { LB_CHECK(kill(pid_, SIGCONT) == 0); }

absl::Duration PeerProcess::CpuTime() const {
  clockid_t clock;
  timespec time{};
  LB_CHECK(clock_getcpuclockid(pid_, &clock) == 0);
  LB_CHECK(clock_gettime(clock, &time) == 0);
  return absl::DurationFromTimespec(time);
}

std::string PeerProcess::Ask(const std::string& line) {
  if (!running()) return "error: it does not run";
  if (!Write(line)) return "error: it does not listen";
  return NextReply();
}

void PeerProcess::Tell(const std::string& line) {
  if (running() && Write(line)) ++ignored_;
}

bool PeerProcess::Write(const std::string& line) {
  const std::string command = line + "\n";
  return write(input_, command.data(), command.size()) ==
         static_cast<ssize_t>(command.size());
}

std::string PeerProcess::NextReply() {
  const absl::Time limit = absl::Now() + kReplyLimit;
  while (replies_.empty() && absl::Now() < limit) Read(limit - absl::Now());
  if (replies_.empty()) return "error: no answer";
  std::string reply = replies_.front();
  replies_.pop_front();
  return reply;
}

const std::vector<std::string>& PeerProcess::Events() {
  if (running()) Read(absl::ZeroDuration());
  return events_;
}

void PeerProcess::Read(absl::Duration limit) {
  pollfd wanted{.fd = output_, .events = POLLIN};
  auto wait = static_cast<int>(absl::ToInt64Milliseconds(limit));
  while (poll(&wanted, 1, wait) > 0) {
    char bytes[4096];
    const ssize_t size = read(output_, bytes, sizeof(bytes));
    if (size <= 0) break;  // It ended.
    unread_.append(bytes, static_cast<size_t>(size));
    wait = 0;
  }
  for (size_t end; (end = unread_.find('\n')) != std::string::npos;) {
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    if (line.rfind("= ", 0) == 0) {
      if (ignored_ > 0) {
        --ignored_;
      } else {
        replies_.push_back(line.substr(2));
      }
    }
    if (line.rfind("! ", 0) == 0) events_.push_back(line.substr(2));
  }
}

}  // namespace lb::interop

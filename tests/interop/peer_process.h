// PeerProcess: a node in a process of its own, by the protocol of peer.cc.
#ifndef LB_TESTS_INTEROP_PEER_PROCESS_H_
#define LB_TESTS_INTEROP_PEER_PROCESS_H_

#include <sys/types.h>

#include <deque>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lb::interop {

class PeerProcess {
 public:
  // Starts `command` and waits for it to be ready.
  explicit PeerProcess(const std::vector<std::string>& command);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  ~PeerProcess() { Kill(); }

  // SIGKILL. It answers nothing from here on.
  void Kill();
  bool running() const { return pid_ > 0; }
  // SIGSTOP and SIGCONT.
  void Stop();
  void Continue();

  // The processor time of all its threads since its start.
  absl::Duration CpuTime() const;

  // Sends a command without waiting for the answer.
  void Tell(const std::string& line);
  // The answer to a command; "error: ..." also if there is none in time.
  std::string Ask(const std::string& line);

  // All events so far: "joined b", "gone b", "message text", ...
  const std::vector<std::string>& Events();

 private:
  // Takes in what was written, waiting for the first of it until `limit`.
  void Read(absl::Duration limit);
  std::string NextReply();
  // False: it takes no more.
  bool Write(const std::string& line);

  pid_t pid_ = 0;
  int input_ = -1;   // Its stdin.
  int output_ = -1;  // Its stdout.
  std::string unread_;
  int ignored_ = 0;  // Answers to Tell() that are still to come.
  std::deque<std::string> replies_;
  std::vector<std::string> events_;
};

}  // namespace lb::interop

#endif  // LB_TESTS_INTEROP_PEER_PROCESS_H_

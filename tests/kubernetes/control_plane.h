// ControlPlane: a real etcd and kube-apiserver for a test, as processes of
// control_plane.sh.
//
// One command is under way at a time, and the test goes on meanwhile:
//
//   plane.Tell("stop apiserver KILL");
//   loop.RunUntil([&] { return plane.Answer().has_value(); }, kLimit);
//
// All its processes end with it. One thread.
#ifndef LB_TESTS_KUBERNETES_CONTROL_PLANE_H_
#define LB_TESTS_KUBERNETES_CONTROL_PLANE_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace lb::kubernetes {

class ControlPlane {
 public:
  // Starts the script, and none of the servers yet ("up" does). `core` is the
  // program of build_programs.sh, `folder` is KUBE_DIR.
  ControlPlane(const std::string& core, const std::string& folder);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  ~ControlPlane();

  // A command of the script, such as "apply FILE". Answer() has its result.
  void Tell(const std::string& line);
  // What became of the last command: true if it succeeded; nullopt while it
  // runs. What else the script says is printed.
  std::optional<bool> Answer();

  // Tells, and waits for the answer.
  bool Run(const std::string& line, absl::Duration limit);

 private:
  // Takes in what the script said, after waiting so long for it.
  void Read(absl::Duration wait);

  pid_t pid_ = 0;
  int input_ = -1;   // The script's stdin.
  int output_ = -1;  // Its stdout.
  std::string unread_;
  std::optional<bool> answer_;
};

}  // namespace lb::kubernetes

#endif  // LB_TESTS_KUBERNETES_CONTROL_PLANE_H_

// ControllerTest: controllers against a simulated API server with a pool of ten
// addresses.
//
// One thread; header only.
#ifndef LB_DAEMON_KUBERNETES_TESTING_CONTROLLER_FIXTURE_H_
#define LB_DAEMON_KUBERNETES_TESTING_CONTROLLER_FIXTURE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_controller.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {

class ControllerTest : public testing::Test {
 protected:
  ControllerTest() { cluster_.CreatePool("a", "\"192.0.2.1-192.0.2.10\""); }
  ~ControllerTest() override {
    EXPECT_THAT(cluster_.faults(), testing::IsEmpty());
  }

  SimController& Start(const std::string& name) {
    controllers_.push_back(std::make_unique<SimController>(&cluster_, name));
    return *controllers_.back();
  }

  // Waits for one that acts.
  SimController* Acting(absl::Duration limit = absl::Seconds(10)) {
    SimController* acting = nullptr;
    loop_.RunUntil(
        [&] {
          for (const auto& controller : controllers_) {
            if (controller->acts()) acting = controller.get();
          }
          return acting != nullptr;
        },
        limit);
    return acting;
  }

  void Settle() { loop_.RunFor(absl::Seconds(3)); }

  // Waits until the status is this; how long that took.
  absl::Duration UntilStatus(const std::string& name, std::string_view status,
                             absl::Duration limit = absl::Seconds(30)) {
    const absl::Time begin = loop_.Now();
    const bool is_so = loop_.RunUntil(
        [&] { return cluster_.StatusOf(name) == status; }, limit);
    EXPECT_TRUE(is_so) << cluster_.StatusOf(name) << ", want " << status;
    return loop_.Now() - begin;
  }

  size_t Writes(std::string_view path) const {
    return cluster_.server_.log().Count(
        [&](const kubernetes::LoggedRequest& request) {
          return request.is_write() &&
                 request.path.find(path) != std::string::npos;
        });
  }

  SimKubernetes cluster_{1};
  io::SimLoop& loop_ = cluster_.loop_;
  std::vector<std::unique_ptr<SimController>> controllers_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_TESTING_CONTROLLER_FIXTURE_H_

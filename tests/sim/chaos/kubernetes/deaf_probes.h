// DeafProbes: the streams of a controller that does not hear the node in
// question.
//
// To a machine that some speaker has lost no connection is ever made. All other
// machines refuse each, as those without a kubelet do. So the controller
// reaches the others, and holds a machine for dead that it alone does not
// reach.
//
// One thread; header only. The loop and the server outlive it.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_DEAF_PROBES_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_DEAF_PROBES_H_

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/configuration_state.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "lb/kubernetes/tree_path.h"

namespace lb::chaos {

class DeafProbes final : public io::StreamFactory {
 public:
  DeafProbes(io::Loop* loop, const kubernetes::SimApiServer* server)
      : loop_(loop), server_(server) {}

  absl::StatusOr<std::unique_ptr<io::StreamTransport>> Listen(
      const net::Endpoint&, const io::StreamOptions&) override {
    return absl::UnavailableError("it only dials");
  }
  absl::StatusOr<std::unique_ptr<io::StreamDialer>> MakeDialer(
      const net::IpAddress&, const io::StreamOptions&) override {
    return std::make_unique<Dialer>(this);
  }

 private:
  class Dialer final : public io::StreamDialer {
   public:
    explicit Dialer(DeafProbes* streams) : streams_(streams) {}

    void Connect(const net::Endpoint& to, absl::Time deadline,
                 OnConnected on_connected) override {
      const bool is_lost = streams_->IsLost(to.address);
      auto timer = streams_->loop_->NewTimer(
          [is_lost,
           answer = std::make_shared<OnConnected>(std::move(on_connected))] {
            (*answer)(is_lost ? absl::DeadlineExceededError("no answer")
                              : io::RefusedError("refused"));
          });
      timer->Arm(is_lost ? deadline : streams_->loop_->Now());
      timers_.push_back(std::move(timer));
      if (timers_.size() > kTimersMax) timers_.pop_front();
    }

   private:
    // More than are ever under way.
    static constexpr size_t kTimersMax = 100;

    DeafProbes* const streams_;
    std::list<std::unique_ptr<io::Timer>> timers_;
  };

  bool IsLost(const net::IpAddress& address) const {
    std::string node;
    const auto& nodes =
        server_->store().Objects(SimKubernetes::ResourceOf("Node"));
    for (const auto& [key, object] : nodes) {
      const config::YamlNode* const addresses =
          kubernetes::NodeAt(*object, "status.addresses");
      if (addresses == nullptr || addresses->children.empty()) continue;
      const auto& first = addresses->children.front();
      if (kubernetes::TextAt(first, "address") != address.ToString()) continue;
      node = key.name;
    }
    for (const auto& [key, object] :
         server_->store().Objects(ConfigurationStates())) {
      const auto report = ReadSpeakerReport(*object);
      if (report && report->lost.contains(node)) return true;
    }
    return false;
  }

  io::Loop* const loop_;
  const kubernetes::SimApiServer* const server_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_DEAF_PROBES_H_

// SimController: a controller of one simulated host, which can be killed and
// started again.
//
// One thread; header only.
#ifndef LB_DAEMON_KUBERNETES_TESTING_SIM_CONTROLLER_H_
#define LB_DAEMON_KUBERNETES_TESTING_SIM_CONTROLLER_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "daemon/kubernetes/controller.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "lb/base/event_log.h"

namespace lb {

class SimController : private ObjectSource::Observer {
 public:
  SimController(SimKubernetes* cluster, std::string name)
      : cluster_(cluster),
        name_(std::move(name)),
        client_(cluster->server_.AddHost(name_)) {
    Start();
  }

  void Start() {
    const Prng prng =
        cluster_->prng_.Fork(fmt::format("{} {}", name_, ++starts_));
    source_ = std::make_unique<ObjectSource>(
        ObjectSource::Ports{&cluster_->loop_, client_, this},
        ObjectSource::Options{.own_namespace = std::string(kOwnNamespace),
                              .left_out = ObjectSource::LeftOutOfControllers(),
                              .aside = ObjectSource::AsideOfControllers()},
        prng.Fork("source"));
    controller_ = std::make_unique<Controller>(
        Controller::Ports{
            &cluster_->loop_, client_, source_.get(),
            [](EventType, const std::string&, const std::string&) {},
            [](absl::Span<uint8_t> bytes) {
              std::fill(bytes.begin(), bytes.end(), 7);
            }},
        Controller::Options{
            .own_namespace = std::string(kOwnNamespace),
            .lease = {.key = {std::string(kOwnNamespace), "lbd-controller"},
                      .identity = fmt::format("{}-{}", name_, starts_)},
            .node = name_},
        prng);
    source_->Start();
    controller_->Start();
  }
  // As kill -9 does.
  void Kill() {
    controller_.reset();
    source_.reset();
  }
  void Stop() {
    controller_->Stop([this] { Kill(); });
  }

  bool runs() const { return controller_ != nullptr; }
  bool acts() const { return runs() && controller_->acts(); }
  const std::string& name() const { return name_; }
  const Controller& controller() const { return *controller_; }
  const ObjectSource& source() const { return *source_; }

 private:
  void OnUpdate(const SourceUpdate& update) override {
    controller_->OnUpdate(update);
  }

  SimKubernetes* const cluster_;
  const std::string name_;
  http::Client* const client_;
  int starts_ = 0;
  std::unique_ptr<ObjectSource> source_;
  std::unique_ptr<Controller> controller_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_TESTING_SIM_CONTROLLER_H_

// Random changes of services and faults of controllers and the server, from one
// seed. The claims: at no time an address is in two statuses, no status changes
// from one address to another unasked, and when all is well again every service
// has what it asks for, if it can be had.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/testing/sim_controller.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using kubernetes::SimFaultPlan;
using testing::IsEmpty;

constexpr int kServices = 12;
// Ten addresses for everything, so that services wait for one another.
constexpr std::string_view kPool = "\"192.0.2.1-192.0.2.10\"";

class Model {
 public:
  Model(uint64_t seed, bool restores)
      : restores_(restores),
        cluster_(seed),
        prng_(cluster_.prng_.Fork("model")),
        server_(cluster_.server_) {
    server_.fields().knows_spec_type = prng_.Chance(70);
    cluster_.CreatePool("a", kPool);
    for (const char* name : {"n1", "n2", "n3"}) {
      controllers_.push_back(std::make_unique<SimController>(&cluster_, name));
    }
    backup_ = server_.MakeBackup();
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      prng_.Chance(60) ? ChangeService() : MeetFault();
      cluster_.loop_.RunFor(prng_.UniformDuration(
          prng_.Chance(70) ? absl::Milliseconds(50) : absl::Seconds(4)));
    }
    Heal();
  }

  std::vector<std::string> Complaints() const {
    std::vector<std::string> complaints = cluster_.faults();
    size_t acting = 0;
    for (const auto& controller : controllers_) acting += controller->acts();
    if (acting != 1) complaints.push_back(fmt::format("{} act", acting));
    std::map<net::IpAddress, std::string> held;
    for (const auto& [key, object] : cluster_.Services()) {
      for (const auto& address : cluster_.RecordOf(key.name).addresses) {
        held[address] = key.name;
      }
    }
    for (const auto& [key, object] : cluster_.Services()) {
      CheckService(key.name, *object, held, &complaints);
    }
    return complaints;
  }

 private:
  static std::string Name(uint64_t number) {
    return fmt::format("s{}", number);
  }
  std::string AnyAddress() {
    return fmt::format("192.0.2.{}", 1 + prng_.Uniform(10));
  }

  void ChangeService() {
    const std::string name = Name(prng_.Uniform(kServices));
    if (!cluster_.HasService(name)) return CreateService(name);
    switch (prng_.Uniform(8)) {
      case 0:
      case 1:
        return cluster_.DeleteService(name);
      case 2:
        cluster_.DeleteService(name);
        return CreateService(name);
      case 3:
        cluster_.MayChange(name);
        return cluster_.PatchService(
            name, fmt::format(R"({{"spec":{{"loadBalancerIP":"{}"}}}})",
                              AnyAddress()));
      case 4:
        return cluster_.PatchService(name,
                                     R"({"spec":{"loadBalancerIP":null}})");
      case 5:
        return SwitchType(name);
      case 6:  // A fault: nothing of it changes.
        return cluster_.PatchService(
            name, R"({"spec":{"externalTrafficPolicy":"Nonsense"}})");
      default:
        return cluster_.PatchService(
            name, R"({"spec":{"externalTrafficPolicy":"Local"}})");
    }
  }

  void CreateService(const std::string& name) {
    const std::string wish =
        prng_.Chance(30)
            ? fmt::format(R"(,"loadBalancerIP":"{}")", AnyAddress())
            : "";
    cluster_.CreateService(name, wish);
  }

  void SwitchType(const std::string& name) {
    cluster_.MayChange(name);
    const bool is_one = cluster_.RecordOf(name).is_load_balancer;
    cluster_.PatchService(name,
                          fmt::format(R"({{"spec":{{"type":"{}"}}}})",
                                      is_one ? "ClusterIP" : "LoadBalancer"));
    // A server that selects by the type clears the status itself.
    if (is_one && server_.fields().knows_spec_type) {
      cluster_.PatchService(name, R"({"status":{"loadBalancer":null}})",
                            "status");
    }
  }

  void MeetFault() {
    SimController& one = *controllers_[prng_.Uniform(controllers_.size())];
    switch (prng_.Uniform(12)) {
      case 0:
        return one.runs() ? one.Kill() : one.Start();
      case 1:
        return one.runs() ? one.Stop() : one.Start();
      case 2:
        return server_.Cut(one.name());
      case 3:
      case 4:
        return server_.Join(one.name());
      case 5:
        return server_.LoseConnections(one.name());
      case 6:
        return server_.Restart(prng_.UniformDuration(absl::Seconds(6)),
                               prng_.UniformDuration(absl::Seconds(2)));
      case 7:
        return server_.Compact();
      case 8:
        return server_.SetCacheLag(
            prng_.UniformDuration(absl::Seconds(prng_.Chance(20) ? 5 : 1)));
      case 9:
        return restores_ ? Restore() : void();
      case 10:
        server_.faults() = {};
        return;
      default:
        DrawPlan();
    }
  }

  void DrawPlan() {
    SimFaultPlan& plan = server_.faults();
    plan = {};
    for (double* percent :
         {&plan.too_many, &plan.unavailable, &plan.internal, &plan.lost_before,
          &plan.lost_after, &plan.torn, &plan.slow, &plan.expired,
          &plan.too_large, &plan.garbage, &plan.short_watch,
          &plan.unauthorized}) {
      if (prng_.Chance(25)) *percent = 20;
    }
    // A holder writes nothing for two seconds before another can act.
    plan.slow_max = absl::Milliseconds(1500);
  }

  // Leases go back, too, so for a while two may act.
  void Restore() {
    if (prng_.Chance(50)) {
      backup_ = server_.MakeBackup();
      return;
    }
    server_.Restore(backup_, prng_.UniformDuration(absl::Seconds(3)));
  }

  void Heal() {
    server_.faults() = {};
    server_.SetCacheLag(absl::Milliseconds(5));
    for (const auto& controller : controllers_) {
      server_.Join(controller->name());
    }
    cluster_.loop_.RunFor(absl::Seconds(3));
    for (const auto& controller : controllers_) {
      // A store that has outgrown its old versions is seen by the next list
      // only, which is hours away but for one that starts.
      if (restores_ && controller->runs()) controller->Kill();
      if (!controller->runs()) controller->Start();
    }
    // The wait for services that only a list lacks is a part of it.
    cluster_.loop_.RunFor(absl::Seconds(100));
    if (restores_) cluster_.ForgetFaults();
    cluster_.loop_.RunFor(absl::Seconds(100));
  }

  static void CheckService(const std::string& name,
                           const config::YamlNode& object,
                           const std::map<net::IpAddress, std::string>& held,
                           std::vector<std::string>* complaints) {
    const ServiceRecord record =
        ReadServiceRecord(*kubernetes::ReadObjectMeta(object), object);
    const std::string wish(kubernetes::TextAt(object, "spec.loadBalancerIP"));
    const bool is_faulty =
        kubernetes::TextAt(object, "spec.externalTrafficPolicy") == "Nonsense";
    if (!record.is_load_balancer) {
      if (record.addresses.empty()) return;
      complaints->push_back(name + " is no load balancer and has an address");
      return;
    }
    if (is_faulty) return;
    if (wish.empty()) {
      if (!record.addresses.empty() || held.size() >= 10) return;
      complaints->push_back(name + " has no address, and some are free");
      return;
    }
    const net::IpAddress wanted = *net::ParseIpAddress(wish);
    const auto holder = held.find(wanted);
    if (holder != held.end()) return;
    complaints->push_back(fmt::format(
        "{} asks for {}, which is free, and has {}", name, wish,
        record.addresses.empty() ? "none" : record.addresses[0].ToString()));
  }

  const bool restores_;
  SimKubernetes cluster_;
  Prng prng_;
  kubernetes::SimApiServer& server_;
  std::vector<std::unique_ptr<SimController>> controllers_;
  kubernetes::SimStore::Backup backup_;
};

TEST(ControllerModelTest, NoAddressIsAtTwoServicesAndNoneChangesUnasked) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Model model(seed, /*restores=*/false);
    model.Run(150);
    ASSERT_THAT(model.Complaints(), IsEmpty()) << "seed " << seed;
  }
}

// While a restored server and the controllers find to each other again, nothing
// can be claimed, as Leases go back too. Afterwards all is well.
TEST(ControllerModelTest, StatusesAgreeAfterTheServerWentBack) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Model model(seed, /*restores=*/true);
    model.Run(150);
    ASSERT_THAT(model.Complaints(), IsEmpty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lb

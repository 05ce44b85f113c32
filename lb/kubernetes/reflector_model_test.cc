// Reflectors of several hosts while objects change and the server fails, both
// drawn from a seed. At the end each host knows the server's state, no change
// was passed on twice, and the requests stayed below the stated bound.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/list_watch.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/testing/object_mirror.h"
#include "lb/kubernetes/testing/sim_api_server.h"

namespace lb::kubernetes {
namespace {

using testing::IsEmpty;

const Resource kServices = {"", "v1", "services"};
constexpr absl::Duration kRelistInterval = absl::Minutes(20);

struct Host {
  std::string name;
  FieldSelector selector;
  ObjectMirror mirror;
  std::unique_ptr<Reflector> reflector;
};

class World {
 public:
  explicit World(uint64_t seed)
      : prng_(seed), server_(&loop_, {}, prng_.Fork("server")) {
    server_.AddKind(
        {.resource = kServices, .kind = "Service", .has_status = true});
    server_.SetCacheLag(prng_.UniformDuration(absl::Milliseconds(300)));
    server_.fields().knows_spec_type = prng_.Chance(70);
    for (int i = 0; i < 4; ++i) AddHost(fmt::format("n{}", i));
    backup_ = server_.MakeBackup();
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (prng_.Chance(70)) {
        ChangeObject();
      } else {
        MeetFault();
      }
      // Mostly short, sometimes long enough for timeouts and bookmarks.
      loop_.RunFor(prng_.UniformDuration(prng_.Chance(90) ? absl::Seconds(2)
                                                          : absl::Minutes(3)));
    }
  }

  void Heal() {
    server_.faults() = {};
    for (const auto& host : hosts_) server_.Join(host->name);
  }

  // What is wrong a listing later; empty: nothing.
  std::vector<std::string> Complaints() {
    loop_.RunUntil([&] { return AllAgree(); },
                   kRelistInterval + absl::Minutes(5));
    std::vector<std::string> complaints;
    for (const auto& host : hosts_) {
      const ListWatch& state = host->reflector->state();
      if (!Agrees(*host)) {
        complaints.push_back(
            fmt::format("{} knows {} objects, want {}; last error {}",
                        host->name, host->mirror.objects().size(),
                        Wanted(*host).size(), state.last_error()));
      }
      for (const std::string& fault : host->mirror.faults()) {
        complaints.push_back(fmt::format("{}: {}", host->name, fault));
      }
      const size_t most = server_.log().MostWithin(
          absl::Seconds(10), [&](const LoggedRequest& request) {
            return request.host == host->name && !request.is_page();
          });
      if (most > kRequestsPer10sMax) {
        complaints.push_back(
            fmt::format("{}: {} requests in 10 s", host->name, most));
      }
    }
    return complaints;
  }

  const RequestLog& log() const { return server_.log(); }

 private:
  void AddHost(const std::string& name) {
    auto host = std::make_unique<Host>();
    host->name = name;
    if (prng_.Chance(60)) host->selector = {"spec.type", "LoadBalancer"};
    http::Client* client = server_.AddHost(name);
    const ReflectorOptions options = {
        .resource = kServices,
        .selector = host->selector,
        .page_limit = static_cast<int>(2 + prng_.Uniform(5)),
        .relist_interval = kRelistInterval};
    host->reflector = std::make_unique<Reflector>(&loop_, client, &host->mirror,
                                                  options, prng_.Fork(name));
    host->reflector->Start();
    hosts_.push_back(std::move(host));
  }

  void ChangeObject() {
    const ObjectKey key = {"d", fmt::format("s{}", prng_.Uniform(12))};
    const std::string type = prng_.Chance(60) ? "LoadBalancer" : "ClusterIP";
    switch (prng_.Uniform(4)) {
      case 0:
        server_.Delete(kServices, key);
        return;
      case 1:
        server_.Patch(kServices, key,
                      fmt::format(R"({{"spec":{{"type":"{}"}}}})", type));
        return;
      default:
        server_.Create(
            kServices,
            fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}"}},)"
                        R"("spec":{{"type":"{}"}}}})",
                        key.name, type));
        server_.Patch(
            kServices, key,
            fmt::format(R"({{"spec":{{"port":{}}}}})", prng_.Uniform(1000)));
        return;
    }
  }

  void MeetFault() {
    const std::string host = hosts_[prng_.Uniform(hosts_.size())]->name;
    switch (prng_.Uniform(9)) {
      case 0:
        return server_.Cut(host);
      case 1:
        return server_.Join(host);
      case 2:
        return server_.LoseConnections(host);
      case 3:
        return server_.Compact();
      case 4:
        return server_.Restart(prng_.UniformDuration(absl::Seconds(20)),
                               prng_.UniformDuration(absl::Seconds(3)));
      case 5:
        backup_ = server_.MakeBackup();
        return;
      case 6:
        if (!prng_.Chance(30)) return;
        return server_.Restore(backup_,
                               prng_.UniformDuration(absl::Seconds(10)));
      default:
        return DrawPlan();
    }
  }

  void DrawPlan() {
    SimFaultPlan& plan = server_.faults();
    plan = {};
    if (prng_.Chance(30)) return;
    for (double* percent :
         {&plan.too_many, &plan.unavailable, &plan.internal, &plan.unauthorized,
          &plan.lost_before, &plan.lost_after, &plan.torn, &plan.slow,
          &plan.expired, &plan.too_large, &plan.garbage, &plan.short_watch}) {
      if (prng_.Chance(25)) *percent = prng_.Chance(10) ? 100 : 30;
    }
  }

  ObjectTexts Wanted(const Host& host) const {
    return TextsOf(server_.store().Objects(kServices), host.selector);
  }
  bool Agrees(const Host& host) const {
    return host.reflector->state().is_synchronized() &&
           host.mirror.objects() == Wanted(host);
  }
  bool AllAgree() const {
    for (const auto& host : hosts_) {
      if (!Agrees(*host)) return false;
    }
    return true;
  }

  Prng prng_;
  io::SimLoop loop_;
  SimApiServer server_;
  SimStore::Backup backup_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

TEST(ReflectorModelTest, EveryHostComesToKnowTheServersState) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    World world(seed);
    for (int round = 0; round < 3; ++round) {
      world.Run(60);
      world.Heal();
      ASSERT_THAT(world.Complaints(), IsEmpty())
          << "seed " << seed << ", round " << round;
    }
  }
}

}  // namespace
}  // namespace lb::kubernetes

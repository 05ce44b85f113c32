// How long the loop is busy when one of 10,000 services changes: what an ARP
// request waits for, with the manifests read on the loop and beside it.
//
//   bazel run -c opt //daemon:reload_benchmark
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/last_good_store.h"
#include "daemon/manifest_reader.h"
#include "daemon/testing/many_services.h"
#include "daemon/testing/quiet_network.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/changes.h"
#include "lb/config/manifests.h"
#include "lb/io/posix/posix_environment.h"

namespace lb {
namespace {

constexpr int kServices = 10'000;
constexpr int kRounds = 11;

class Node {
 public:
  Node() {
    LB_CHECK(mkdtemp(folder_.data()) != nullptr);
    world_ = *io::PosixEnvironment::Create(
        {.gossip = {*net::ParseIpAddress("127.0.0.1"), 0},
         .state_folder = folder_ + "/state"});
    AgentOptions options;
    options.node = "n1";
    options.advertise = world_->environment().datagrams->local();
    io::Environment environment = world_->environment();
    environment.links = &network_;
    environment.frames = &network_;
    agent_ = *Agent::Create(options, environment);
    agent_->Start();
    last_good_ = std::make_unique<LastGoodStore>("n1", environment);
    reader_ = std::make_unique<ManifestReader>(
        world_->loop(),
        ManifestReader::Source{.load =
                                   [this] {
                                     return config::LoadManifests(
                                         {folder_ + "/m.yaml"}, {});
                                   },
                               .last_good = last_good_.get()},
        [this](const ManifestReading& reading) {
          reading.changes.empty()
              ? agent_->KeepDesired(reading.desired)
              : agent_->SetDesired(reading.desired, reading.difference);
          changed_ = reading.changes.changed.size();
        });
    Write(80);
    reader_->ReadNow();
    LB_CHECK(world_->loop()->RunUntil(
        [&] { return agent_->announcing().elected().size() == kServices; },
        absl::Seconds(60)));
    RunFor(absl::Seconds(3));  // The history is written.
  }
  ~Node() { std::filesystem::remove_all(folder_); }

  void Write(int port) {
    std::ofstream(folder_ + "/m.yaml") << ManyServices(kServices, port);
  }
  ManifestReader& reader() { return *reader_; }
  size_t changed() const { return changed_; }

  // The longest time between two turns of the loop from now on.
  absl::Duration LongestTurn(absl::Duration time) {
    absl::Duration longest;
    absl::Time last = absl::Now();
    const absl::Time end = last + time;
    std::function<void()> turn = [&] {
      const absl::Time now = absl::Now();
      longest = std::max(longest, now - last);
      last = now;
      if (now < end) world_->loop()->Post(turn);
    };
    world_->loop()->Post(turn);
    LB_CHECK(world_->loop()->RunUntil([&] { return last >= end; },
                                      time + absl::Seconds(60)));
    return longest;
  }
  void Post(std::function<void()> task) {
    world_->loop()->Post(std::move(task));
  }

 private:
  void RunFor(absl::Duration time) {
    const absl::Time end = absl::Now() + time;
    world_->loop()->RunUntil([&] { return absl::Now() >= end; }, time);
  }

  std::string folder_ = "/tmp/lbd-bench.XXXXXX";
  size_t changed_ = 0;
  QuietNetwork network_;  // All are announced, to nobody.
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<LastGoodStore> last_good_;
  std::unique_ptr<ManifestReader> reader_;
};

void Print(const std::string& what, std::vector<absl::Duration> all) {
  std::sort(all.begin(), all.end());
  fmt::print("{:<44} median {:8.1f} ms  max {:8.1f} ms\n", what,
             absl::ToDoubleMilliseconds(all[all.size() / 2]),
             absl::ToDoubleMilliseconds(all.back()));
}

void Main() {
  Node node;
  std::vector<absl::Duration> idle, on_loop, beside, same;
  for (int i = 0; i < kRounds; ++i) {
    idle.push_back(node.LongestTurn(absl::Seconds(1)));
    node.Write(1000 + i);
    node.Post([&] { node.reader().ReadNow(); });
    on_loop.push_back(node.LongestTurn(absl::Seconds(2)));
    LB_CHECK(node.changed() == 1);
    node.Write(2000 + i);
    node.Post([&] { node.reader().Read(); });
    beside.push_back(node.LongestTurn(absl::Seconds(2)));
    LB_CHECK(node.changed() == 1);
    node.Post([&] { node.reader().Read(); });
    same.push_back(node.LongestTurn(absl::Seconds(2)));
    LB_CHECK(node.changed() == 0);
  }
  Print("idle", std::move(idle));
  Print("one of 10000 changed, read on the loop", std::move(on_loop));
  Print("one of 10000 changed, read beside it", std::move(beside));
  Print("the same again, read beside it", std::move(same));
}

}  // namespace
}  // namespace lb

int main() { lb::Main(); }

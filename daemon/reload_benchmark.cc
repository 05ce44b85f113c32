// How long one turn of the loop takes at most while 10,000 services are read,
// changed and asked for: what an ARP request waits for.
//
//   bazel run -c opt //daemon:reload_benchmark
#include <stdlib.h>
#include <time.h>

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
#include "daemon/status_view/status_view.h"
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
constexpr int kNodes = 100;
constexpr int kRounds = 7;
constexpr int kStarts = 5;
// What follows from a change of one object, and from the first reading until
// the last of its addresses is claimed.
constexpr absl::Duration kTime = absl::Seconds(2);
constexpr absl::Duration kSettleTime = absl::Seconds(15);

// Of this thread: what other processes take does not count.
absl::Duration ProcessorTime() {
  timespec time = {};
  LB_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return absl::DurationFromTimespec(time);
}

// The longest turn, by the clock and by the loop's processor time.
struct Turn {
  absl::Duration clock;
  absl::Duration processor;
};

class Node {
 public:
  explicit Node(std::string text) {
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
    Write(text);
  }
  ~Node() { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text) {
    std::ofstream(folder_ + "/m.yaml") << text;
  }
  // A reload, and what follows from it until elections were held for all and so
  // many are announced, and for so much time after that.
  Turn Reload(absl::Duration time, size_t announced = kServices) {
    is_read_ = false;
    awaited_ = announced;
    world_->loop()->Post(
        [this] { reader_->Read([this](const auto&) { is_read_ = true; }); });
    const Turn longest = LongestTurn(time);
    LB_CHECK(this->announced() == awaited_);
    return longest;
  }
  Turn AskNode() {
    world_->loop()->Post([this] {
      LB_CHECK(StatusView(agent_->View()).DescribeNode().problems_size() > 0);
    });
    return LongestTurn(absl::Milliseconds(500));
  }
  const Agent& agent() const { return *agent_; }
  size_t announced() const {
    return agent_->View().announcing.elected().size();
  }
  size_t changed() const { return changed_; }
  bool is_placed() const {
    const NodeView view = agent_->View();
    return view.placement().size() == view.desired.services.size();
  }

  // Of the turns from now on, until so long after a reload that is under way.
  // One that does nothing is always due, so none waits.
  Turn LongestTurn(absl::Duration time) {
    enum { kOn, kEnding, kEnded } state = kOn;
    std::function<void()> idle = [&] {
      if (state == kOn) return world_->loop()->Post(idle);
      state = kEnded;
    };
    world_->loop()->Post(idle);
    Turn longest;
    absl::Time clock = absl::Now();
    absl::Duration processor = ProcessorTime();
    absl::Time end = clock + time;
    world_->loop()->RunUntil(
        [&] {
          const absl::Time now = absl::Now();
          const absl::Duration used = ProcessorTime();
          longest.clock = std::max(longest.clock, now - clock);
          longest.processor = std::max(longest.processor, used - processor);
          clock = now;
          processor = used;
          if (!is_read_ || !is_placed() || announced() != awaited_) {
            end = now + time;
          }
          return now >= end;
        },
        absl::Minutes(5));
    state = kEnding;
    world_->loop()->RunUntil([&] { return state == kEnded; },
                             absl::Seconds(60));
    return longest;
  }

 private:
  std::string folder_ = "/tmp/lbd-bench.XXXXXX";
  size_t changed_ = 0;
  bool is_read_ = true;
  size_t awaited_ = 0;    // To be announced.
  QuietNetwork network_;  // All are announced; no host listens.
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<LastGoodStore> last_good_;
  std::unique_ptr<ManifestReader> reader_;
};

void Print(const std::string& what, const std::vector<Turn>& turns) {
  std::vector<double> clock, processor;
  for (const Turn& turn : turns) {
    clock.push_back(absl::ToDoubleMilliseconds(turn.clock));
    processor.push_back(absl::ToDoubleMilliseconds(turn.processor));
  }
  std::sort(clock.begin(), clock.end());
  std::sort(processor.begin(), processor.end());
  const size_t middle = turns.size() / 2;
  fmt::print(
      "{:<42} median {:7.1f} ms  max {:7.1f} ms  "
      "processor {:7.1f} ms  max {:7.1f} ms\n",
      what, clock[middle], clock.back(), processor[middle], processor.back());
  fflush(stdout);
}

std::string Everywhere(std::string text, const std::string& from,
                       const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Until all is announced, and the history is written.
void MeasureStarts() {
  std::vector<Turn> first;
  for (int i = 0; i < kStarts; ++i) {
    Node node(ManyServices(kServices));
    first.push_back(node.Reload(kTime));
  }
  Print("the first reading", first);
}

void MeasureReloads() {
  Node node(ManyServices(kServices));
  node.Reload(kSettleTime);
  std::vector<Turn> idle, one, same, more, less, all, pools;
  for (int i = 0; i < kRounds; ++i) {
    idle.push_back(node.LongestTurn(absl::Seconds(1)));
    node.Write(ManyServices(kServices, 1000 + i));
    one.push_back(node.Reload(kTime));
    LB_CHECK(node.changed() == 1);
    same.push_back(node.Reload(kTime));
    LB_CHECK(node.changed() == 0);
    node.Write(ManyServices(kServices + 1, 1000 + i));
    more.push_back(node.Reload(kTime, kServices + 1));
    node.Write(ManyServices(kServices, 1000 + i));
    less.push_back(node.Reload(kTime));
    std::string text = Everywhere(ManyServices(kServices), "port: 80",
                                  fmt::format("port: {}", 2000 + i));
    node.Write(text);
    all.push_back(node.Reload(absl::Seconds(4)));
    LB_CHECK(node.changed() == kServices);
    node.Write(Everywhere(text, "[10.0.0.0/16]",
                          fmt::format("[10.0.0.0/16, 10.1.{}.0/24]", i)));
    pools.push_back(node.Reload(absl::Seconds(4)));
    node.Write(ManyServices(kServices));
    node.Reload(absl::Seconds(4));
  }
  Print("idle", idle);
  Print("one of 10000 changed", one);
  Print("the same again", same);
  Print("one more than 10000", more);
  Print("one less than 10001", less);
  Print("all of 10000 changed", all);
  Print("another pool, with 10000 services", pools);
}

// Of EndpointSlices and Node objects, beside as many services.
void MeasureOtherObjects() {
  const auto text = [](bool ready, const std::string& zone) {
    return ManyServices(kServices) + ManyEndpointSlices(kServices, ready) +
           ManyNodes(kNodes, zone);
  };
  Node node(text(true, "z0"));
  node.Reload(kSettleTime);
  std::vector<Turn> slices, nodes;
  for (int i = 0; i < kRounds; ++i) {
    const bool ready = i % 2 == 1;
    node.Write(text(ready, fmt::format("z{}", i)));
    const size_t announced = ready ? kServices : kServices - 1;
    slices.push_back(node.Reload(kTime, announced));
    LB_CHECK(node.changed() == 1);
    node.Write(text(ready, fmt::format("z{}", i + 1)));
    nodes.push_back(node.Reload(kTime, announced));
    LB_CHECK(node.changed() == 1);
  }
  Print("one endpoint slice of 10000 changed", slices);
  Print("one Node object of 100 changed", nodes);
}

void MeasureProblems() {
  Node node(Everywhere(ManyServices(kServices), "kind: L2Advertisement",
                       "kind: BFDProfile"));
  std::vector<Turn> asked, first = {node.Reload(kTime, 0)};
  LB_CHECK(node.agent().View().placement().size() == kServices);
  for (int i = 0; i < kRounds; ++i) asked.push_back(node.AskNode());
  Print("the first reading, none can be announced", first);
  Print("GetNode, 10000 that cannot be announced", asked);
}

void Main() {
  MeasureStarts();
  MeasureProblems();
  MeasureReloads();
  MeasureOtherObjects();
}

}  // namespace
}  // namespace lb

int main() { lb::Main(); }

// How long one turn of the loop takes at most while 10,000 services are read,
// changed and asked for: how long an ARP request waits.
//
//   bazel run -c opt //daemon:reload_benchmark
//   bazel run -c opt //daemon:reload_benchmark -- --rounds=3 changed more less
//
// Each row is the longest turn after one step, over a number of rounds. The
// processor time is the loop's thread's alone, so it also holds on a machine
// that others use. The causes are those of the turn that the median has.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/agent/agent.h"
#include "daemon/last_good_store.h"
#include "daemon/manifest_reader.h"
#include "daemon/status_view/status_view.h"
#include "daemon/testing/charging_loop.h"
#include "daemon/testing/many_services.h"
#include "daemon/testing/quiet_network.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/changes.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/difference.h"
#include "lb/config/kinds.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/config/origin.h"
#include "lb/config/yaml_tree.h"
#include "lb/io/loop.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/io/turn_cause.h"

namespace lb {
namespace {

constexpr int kServices = 10'000;
constexpr int kNodes = 100;
// The history is written a second after a change, a removed service's address
// released five seconds after it, and an address announced for the last time
// five seconds after it was claimed.
constexpr absl::Duration kHistoryTime = absl::Milliseconds(1500);
constexpr absl::Duration kReleaseTime = absl::Seconds(7);
constexpr absl::Duration kSettleTime = absl::Seconds(8);
constexpr absl::Duration kWaitMax = absl::Minutes(3);

// The longest turn, by the clock and by the loop's processor time.
struct Turn {
  absl::Duration clock;
  absl::Duration processor;
  Causes causes;  // The processor time's.
};

class Node {
 public:
  explicit Node(std::string text) {
    LB_CHECK(mkdtemp(folder_.data()) != nullptr);
    world_ = *io::PosixEnvironment::Create(
        {.gossip = {*net::ParseIpAddress("127.0.0.1"), 0},
         .state_folder = folder_ + "/state"});
    loop_ = std::make_unique<ChargingLoop>(world_->loop());
    AgentOptions options;
    options.node = "n1";
    options.advertise = world_->environment().datagrams->local();
    io::Environment environment = world_->environment();
    environment.loop = loop_.get();
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
  // A reload, and what follows from it until elections were held for all and
  // this node has claimed the `announced` that it announces, and for `time`
  // after that.
  Turn Reload(absl::Duration time, size_t announced = kServices) {
    is_read_ = false;
    awaited_ = announced;
    world_->loop()->Post(
        [this] { reader_->Read([this](const auto&) { is_read_ = true; }); });
    return LongestTurn(time);
  }
  // Takes the objects of `text` one by one, not by files, as from the
  // Kubernetes API: all of them, and then some of them again.
  Turn List(const std::string& text) {
    return Take(text, kServices, kSettleTime, [this](const Changes& changes) {
      for (const std::string_view kind : config::ReadKinds()) {
        Changes list = changes;
        std::erase_if(list, [&](const config::ObjectChange& change) {
          return config::KindOf(change.name) != kind;
        });
        agent_->SetDesired(keeper_.shared(), keeper_.Replace(kind, list));
      }
    });
  }
  Turn Change(const std::string& text, size_t announced = kServices) {
    return Take(text, announced, kHistoryTime, [this](const Changes& changes) {
      const config::Difference difference = keeper_.Apply(changes);
      LB_CHECK(difference != config::Difference());
      agent_->SetDesired(keeper_.shared(), difference);
    });
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
  bool is_settled() const {
    return is_read_ && is_placed() && announced() == awaited_ &&
           agent_->View().elections.tenures().size() >= awaited_;
  }

  // The longest of the turns from now on, until `time` after a reload that is
  // under way. A turn that does nothing is always due, so the loop never waits.
  Turn LongestTurn(absl::Duration time) {
    enum { kOn, kEnding, kEnded } state = kOn;
    std::function<void()> idle = [&] {
      if (state == kOn) return world_->loop()->Post(idle);
      state = kEnded;
    };
    world_->loop()->Post(idle);
    Turn longest;
    loop_->TakeCauses();
    absl::Time clock = absl::Now();
    absl::Duration processor = ProcessorTime();
    absl::Time end = clock + time;
    world_->loop()->RunUntil(
        [&] {
          const absl::Time now = absl::Now();
          const absl::Duration used = ProcessorTime();
          longest.clock = std::max(longest.clock, now - clock);
          Causes causes = loop_->TakeCauses();
          if (used - processor > longest.processor) {
            longest.processor = used - processor;
            longest.causes = std::move(causes);
          }
          clock = now;
          processor = used;
          if (!is_settled()) end = now + time;
          return now >= end;
        },
        kWaitMax);
    LB_CHECK(is_settled());  // Within kWaitMax.
    state = kEnding;
    world_->loop()->RunUntil([&] { return state == kEnded; }, kWaitMax);
    return longest;
  }

 private:
  using Changes = std::vector<config::ObjectChange>;

  // Trees are there when the turn begins, as a client has parsed them; reading
  // them is part of it.
  Turn Take(const std::string& text, size_t announced, absl::Duration time,
            std::function<void(const Changes&)> take) {
    std::vector<config::YamlNode> trees;
    LB_CHECK(!config::ForEachYamlDocument(text, [&](const auto& tree) {
                trees.push_back(tree);
              }).has_value());
    is_read_ = false;
    awaited_ = announced;
    world_->loop()->Post([this, &trees, &take] {
      const io::TurnCause cause(loop_.get(), "takes single objects");
      Changes changes;
      for (const config::YamlNode& tree : trees) {
        changes.push_back(
            *config::ReadObject(tree, config::Origin::OfKubernetes("1"), {}));
      }
      take(changes);
      is_read_ = true;
    });
    return LongestTurn(time);
  }

  std::string folder_ = "/tmp/lbd-bench.XXXXXX";
  size_t changed_ = 0;
  bool is_read_ = true;
  size_t awaited_ = 0;    // To be announced.
  QuietNetwork network_;  // All are announced; no host listens.
  std::unique_ptr<io::PosixEnvironment> world_;
  std::unique_ptr<ChargingLoop> loop_;
  std::unique_ptr<Agent> agent_;
  std::unique_ptr<LastGoodStore> last_good_;
  std::unique_ptr<ManifestReader> reader_;
  config::DesiredKeeper keeper_;
};

// The turns of each row, by its name on the command line.
class Rows {
 public:
  Rows(std::vector<std::string> wanted, int rounds)
      : wanted_(std::move(wanted)), rounds_(rounds) {}

  int rounds() const { return rounds_; }
  bool Wants(const std::string& row) const {
    return wanted_.empty() ||
           std::find(wanted_.begin(), wanted_.end(), row) != wanted_.end();
  }
  bool WantsAny(std::initializer_list<std::string> rows) const {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const std::string& row) { return Wants(row); });
  }
  void Add(const std::string& row, Turn turn) {
    fmt::print(stderr, "{:6.0f} s  {:<10} {}\n",
               absl::ToDoubleSeconds(absl::Now() - began_), row, Text(turn));
    if (Wants(row)) turns_[row].push_back(std::move(turn));
  }
  // What a row needs but does not measure.
  void Note(const std::string& step) const {
    fmt::print(stderr, "{:6.0f} s  {}\n",
               absl::ToDoubleSeconds(absl::Now() - began_), step);
  }
  void Print(const std::string& row, const std::string& what) {
    std::vector<Turn>& turns = turns_[row];
    if (turns.empty()) return;
    std::vector<absl::Duration> clock;
    for (const Turn& turn : turns) clock.push_back(turn.clock);
    std::sort(clock.begin(), clock.end());
    std::sort(turns.begin(), turns.end(), [](const auto& a, const auto& b) {
      return a.processor < b.processor;
    });
    const Turn& median = turns[turns.size() / 2];
    fmt::print(
        "{:<10} {:<40} clock median {:6.1f} ms max {:6.1f} ms, "
        "processor median {:6.2f} ms max {:6.2f} ms:{}\n",
        row, what, Milliseconds(clock[turns.size() / 2]),
        Milliseconds(clock.back()), Milliseconds(median.processor),
        Milliseconds(turns.back().processor), Text(median.causes));
    fflush(stdout);
  }

 private:
  static double Milliseconds(absl::Duration time) {
    return absl::ToDoubleMilliseconds(time);
  }
  static std::string Text(const Causes& causes) {
    std::string text;
    for (const auto& [cause, time] : causes) {
      if (time < absl::Microseconds(20)) continue;
      text += fmt::format(" {} {:.2f}", cause, Milliseconds(time));
    }
    return text;
  }
  static std::string Text(const Turn& turn) {
    return fmt::format("clock {:6.1f} ms, processor {:6.2f} ms:{}",
                       Milliseconds(turn.clock), Milliseconds(turn.processor),
                       Text(turn.causes));
  }

  const std::vector<std::string> wanted_;
  const int rounds_;
  const absl::Time began_ = absl::Now();
  std::map<std::string, std::vector<Turn>> turns_;
};

std::string Everywhere(std::string text, const std::string& from,
                       const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Until all is announced, and the history is written.
void MeasureStarts(Rows& rows) {
  if (!rows.Wants("start")) return;
  for (int i = 0; i < rows.rounds(); ++i) {
    Node node(ManyServices(kServices));
    rows.Add("start", node.Reload(kHistoryTime));
  }
  rows.Print("start", "the first reading");
}

void MeasureProblems(Rows& rows) {
  if (!rows.WantsAny({"dark", "ask"})) return;
  Node node(Everywhere(ManyServices(kServices), "kind: L2Advertisement",
                       "kind: BFDProfile"));
  rows.Add("dark", node.Reload(kHistoryTime, 0));
  for (int i = 0; i < rows.rounds() && rows.Wants("ask"); ++i) {
    rows.Add("ask", node.AskNode());
  }
  rows.Print("dark", "the first reading, none can be announced");
  rows.Print("ask", "GetNode, 10000 that cannot be announced");
}

void MeasureOneService(Rows& rows, Node& node) {
  for (int i = 0; i < rows.rounds(); ++i) {
    if (rows.Wants("idle")) {
      rows.Add("idle", node.LongestTurn(absl::Seconds(1)));
    }
    node.Write(ManyServices(kServices, 1000 + i));
    rows.Add("changed", node.Reload(kHistoryTime));
    LB_CHECK(node.changed() == 1);
    if (rows.Wants("same")) {
      rows.Add("same", node.Reload(kHistoryTime));
      LB_CHECK(node.changed() == 0);
    }
    if (!rows.WantsAny({"more", "less"})) continue;
    node.Write(ManyServices(kServices + 1, 1000 + i));
    rows.Add("more", node.Reload(kHistoryTime, kServices + 1));
    node.Write(ManyServices(kServices, 1000 + i));
    rows.Add("less", node.Reload(kReleaseTime));
  }
}

void MeasureAllServices(Rows& rows, Node& node) {
  for (int i = 0; i < rows.rounds(); ++i) {
    std::string text = Everywhere(ManyServices(kServices), "port: 80",
                                  fmt::format("port: {}", 2000 + i));
    node.Write(text);
    rows.Add("all", node.Reload(kHistoryTime));
    if (!rows.Wants("pools")) continue;
    node.Write(Everywhere(text, "[10.0.0.0/16]",
                          fmt::format("[10.0.0.0/16, 10.1.{}.0/24]", i)));
    rows.Add("pools", node.Reload(kHistoryTime));
  }
}

void MeasureReloads(Rows& rows) {
  const bool one = rows.WantsAny({"idle", "changed", "same", "more", "less"});
  const bool all = rows.WantsAny({"all", "pools"});
  if (!one && !all) return;
  Node node(ManyServices(kServices));
  rows.Note("a node takes up 10000 services");
  node.Reload(kSettleTime);
  if (one) MeasureOneService(rows, node);
  if (all) MeasureAllServices(rows, node);
  rows.Print("idle", "no change");
  rows.Print("changed", "one of 10000 changed");
  rows.Print("same", "the same again");
  rows.Print("more", "one more than 10000");
  rows.Print("less", "one less than 10001");
  rows.Print("all", "all of 10000 changed");
  rows.Print("pools", "another pool, with 10000 services");
}

// EndpointSlices and Node objects, beside as many services.
void MeasureOtherObjects(Rows& rows) {
  if (!rows.WantsAny({"slice", "node"})) return;
  const auto text = [](bool ready, const std::string& zone) {
    return ManyServices(kServices) + ManyEndpointSlices(kServices, ready) +
           ManyNodes(kNodes, zone);
  };
  Node node(text(true, "z0"));
  rows.Note("a node takes up 10000 services and endpoint slices");
  node.Reload(kSettleTime);
  for (int i = 0; i < rows.rounds(); ++i) {
    const bool ready = i % 2 == 1;
    const size_t announced = ready ? kServices : kServices - 1;
    node.Write(text(ready, fmt::format("z{}", i)));
    rows.Add("slice", node.Reload(kHistoryTime, announced));
    LB_CHECK(node.changed() == 1);
    node.Write(text(ready, fmt::format("z{}", i + 1)));
    rows.Add("node", node.Reload(kHistoryTime, announced));
    LB_CHECK(node.changed() == 1);
  }
  rows.Print("slice", "one endpoint slice of 10000 changed");
  rows.Print("node", "one Node object of 100 changed");
}

// The object of a text of many whose name this is.
std::string ObjectNamed(const std::string& name, const std::string& text) {
  const std::string separator = "---\n";
  const size_t at = text.find(fmt::format("{{name: {},", name));
  LB_CHECK(at != std::string::npos);
  const size_t begin = text.rfind(separator, at);
  const size_t end = std::min(text.find(separator, at), text.size());
  return text.substr(begin, end - begin);
}

// One object of the Kubernetes API, among as many as above.
void MeasureSingleObjects(Rows& rows) {
  if (!rows.WantsAny({"one-service", "one-slice", "one-node"})) return;
  const auto middle = [](const std::string& kind, int count,
                         const std::string& text) {
    return ObjectNamed(fmt::format("{}-{}", kind, count / 2), text);
  };
  Node node("");
  rows.Note("a node takes up 10000 single services and endpoint slices");
  node.List(ManyServices(kServices) + ManyEndpointSlices(kServices) +
            ManyNodes(kNodes));
  for (int i = 0; i < rows.rounds(); ++i) {
    const bool ready = i % 2 == 1;
    const size_t announced = ready ? kServices : kServices - 1;
    rows.Add("one-service",
             node.Change(middle("service", kServices,
                                ManyServices(kServices, 1000 + i)),
                         ready ? kServices - 1 : kServices));
    rows.Add("one-slice",
             node.Change(middle("slice", kServices,
                                ManyEndpointSlices(kServices, ready)),
                         announced));
    rows.Add("one-node",
             node.Change(middle("node", kNodes,
                                ManyNodes(kNodes, fmt::format("z{}", i))),
                         announced));
  }
  rows.Print("one-service", "one Service of 10000, on its own");
  rows.Print("one-slice", "one EndpointSlice of 10000, on its own");
  rows.Print("one-node", "one Node of 100, on its own");
}

int Main(const std::vector<std::string>& arguments) {
  constexpr std::string_view kRounds = "--rounds=";
  std::vector<std::string> wanted;
  int rounds = 5;
  for (const std::string& argument : arguments) {
    if (!argument.starts_with(kRounds)) {
      wanted.push_back(argument);
    } else if (!absl::SimpleAtoi(argument.substr(kRounds.size()), &rounds) ||
               rounds < 1) {
      fmt::print(stderr, "{}, want --rounds=1 or more\n", argument);
      return 2;
    }
  }
  Rows rows(std::move(wanted), rounds);
  MeasureStarts(rows);
  MeasureProblems(rows);
  MeasureReloads(rows);
  MeasureOtherObjects(rows);
  MeasureSingleObjects(rows);
  return 0;
}

}  // namespace
}  // namespace lb

int main(int count, char** arguments) {
  return lb::Main({arguments + 1, arguments + count});
}

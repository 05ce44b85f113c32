// FactsExchange: tells the other nodes what this host has, and learns what
// theirs have. The shell around FactsTable.
//
// Facts travel with every full exchange of gossip, so a node that is ready has
// those of all members that the node it joined through knows. A change is
// gossiped within a second. A member whose digest (in its metadata) is known
// and whose facts are not is asked, kAskedMax members each kAskInterval.
//
// What is known is kept in the state folder: a node that starts knows the
// addresses of the others before it hears from them.
//
//   value = saved(8) message        saved: civil time, microseconds since 1970
//
// Facts age while the node is down. A clock that ran back makes them all too
// old.
//
// Loop thread only; must not outlive the environment or the gossip.
#ifndef LB_DAEMON_HOSTS_FACTS_EXCHANGE_H_
#define LB_DAEMON_HOSTS_FACTS_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/hosts/facts_table.h"
#include "lb/gossip/gossip_node.h"
#include "lb/io/environment.h"
#include "lb/io/persisted_value.h"

namespace lb {

class FactsExchange {
 public:
  // A member's metadata and its facts come by different ways.
  static constexpr absl::Duration kAskDelay = absl::Milliseconds(200);
  static constexpr absl::Duration kAskInterval = absl::Seconds(1);
  static constexpr size_t kAskedMax = 16;
  static constexpr size_t kAnswersMax = 64;  // Each kAskInterval.
  static constexpr absl::Duration kForgetInterval = absl::Minutes(1);
  static constexpr absl::Duration kSaveDelay = absl::Seconds(1);
  // Saved again although nothing changed: members that are up are younger then.
  static constexpr absl::Duration kSaveInterval = absl::Minutes(10);
  // For so long a member's facts are waited for: an lbd that never tells them
  // holds nothing up.
  static constexpr absl::Duration kAwaitMax = absl::Seconds(2);
  // Between two times that this node tells its facts to all.
  static constexpr absl::Duration kTellInterval = absl::Seconds(1);

  // `on_change` is called when facts were forgotten, or are to be told.
  FactsExchange(std::string node, const io::Environment& environment,
                absl::AnyInvocable<void()> on_change);

  // Takes up what an earlier run wrote. Blocks; once, before all else. DataLoss
  // or Unavailable, with the value's name: it is there, but not usable.
  absl::Status Start(gossip::GossipNode* gossip);

  // Sets this host's facts. True: they have changed.
  bool SetOwn(HostFacts facts);
  // The members that are up have changed.
  void OnMembers();
  // Nullopt: the message is of another kind; else as FactsTable::Merge().
  std::optional<absl::StatusOr<size_t>> OnMessage(std::string_view message);
  // Tells of this host what the others do not have yet, and saves.
  void TellOthers();
  // For full exchanges.
  std::string FullMessage() const;
  // True if the facts of a member are on their way.
  bool AwaitsFacts() const;

  const FactsTable& table() const { return table_; }

 private:
  absl::Status Restore(std::string_view value);
  void WakeBy(absl::Time deadline);
  void OnTimer();
  void Ask();
  void Answer(const std::string& node);
  void Save(io::StateStore::OnWritten done);

  const std::string node_;
  io::Environment environment_;
  absl::AnyInvocable<void()> on_change_;
  gossip::GossipNode* gossip_ = nullptr;
  FactsTable table_;
  // FactsTable::Missing() of the last look at the members.
  std::map<std::string, absl::Time> missing_since_;
  bool awaited_ = false;  // AwaitsFacts(), when that was looked at last.
  absl::Time asked_ = absl::InfinitePast();
  absl::Time told_ = absl::InfinitePast();
  std::string asked_last_;  // The next time members after it come first.
  absl::Time answers_since_ = absl::InfinitePast();
  size_t answers_ = 0;  // Since then.
  uint64_t saved_version_ = 0;
  std::unique_ptr<io::Timer> timer_;
  absl::Time wake_at_ = absl::InfiniteFuture();
  io::PersistedValue saved_;
};

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_FACTS_EXCHANGE_H_

// WriteQueue: the rules by which changes are written to the API server.
//
// One write of a target is under way at a time; a later wish takes the place of
// one that still waits. A write is repeated until the server has said what
// became of it, and never after that:
//
//   2xx                     done
//   409                     read the object, ask the caller, send what is left
//   404, 410                the object is gone
//   AlreadyExists           reported: a create that was repeated, mostly
//   400, 405, 413, 415, 422 refused
//   401, 403                tried again alone, `refusals_max` times
//   500, 502, 504           tried again alone, for ever
//   429, 503, lost          everything waits; then one write at a time until
//                           one is done
//
// The answer to a write that was lost decides nothing: the server may have it.
// A patch with a resourceVersion is then answered by 409, and the caller sees
// in the fresh object whether it was done.
//
// Bounds: `targets_max` and `low_max` waiting writes, `in_flight_max` requests,
// `burst` at once and one more in each `interval`.
//
// A core: it takes `now`, it has no I/O and no clock. The shell (Writer)
// carries out TakeOrders() after each call.
#ifndef LB_KUBERNETES_WRITE_QUEUE_H_
#define LB_KUBERNETES_WRITE_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/kubernetes/api_error.h"
#include "lb/kubernetes/back_off.h"
#include "lb/kubernetes/token_bucket.h"
#include "lb/kubernetes/write_request.h"

namespace lb::kubernetes {

struct WriterOptions {
  size_t targets_max = 10'000;
  size_t low_max = 1'000;
  size_t in_flight_max = 8;
  size_t low_in_flight_max = 2;
  int burst = 100;
  absl::Duration interval = absl::Milliseconds(10);  // 100 a second.
  // How often a write is tried that the server refuses for lack of rights.
  int refusals_max = 12;
  // How often a write is adapted to the changes of others.
  int conflicts_max = 10;
  absl::Duration answer_timeout = absl::Seconds(30);
  BackOffOptions back_off;
};

class WriteQueue {
 public:
  struct Order {
    uint64_t number = 0;  // Names the request for its answer.
    bool cancel = false;  // Instead of sending it.
    http::Request request;
  };
  using Reports = std::vector<std::pair<WriteRequest::OnReport, WriteReport>>;

  WriteQueue(const WriterOptions& options, const Prng& prng);

  void Add(absl::Time now, WriteRequest request);

  // A whole answer, or none: the connection was lost or could not be made.
  void OnAnswer(absl::Time now, uint64_t number, int code,
                absl::Span<const http::Header> headers, std::string_view body);
  void OnLost(absl::Time now, uint64_t number, const absl::Status& status);

  // `deadline()` has passed.
  void OnTimer(absl::Time now);
  absl::Time deadline() const { return deadline_; }

  std::vector<Order> TakeOrders() { return std::exchange(orders_, {}); }
  Reports TakeReports() { return std::exchange(reports_, {}); }
  bool has_reports() const { return !reports_.empty(); }

  // Writes that wait or are under way.
  size_t size() const { return slots_.size(); }
  size_t in_flight() const { return in_flight_.size(); }
  bool is_paused(absl::Time now) const { return paused_until_ > now; }
  const std::string& last_error() const { return last_error_; }
  // How many writes have ended so.
  using Ended = std::map<WriteVerdict, uint64_t>;
  const Ended& ended() const { return ended_; }

 private:
  // One wish.
  struct Entry {
    WriteRequest request;
    uint64_t sequence = 0;
    BackOff back_off;
    int refusals = 0;
    int conflicts = 0;
    bool must_read = false;  // The next request reads the object.
    // No earlier than this.
    absl::Time not_before = absl::InfinitePast();
  };
  struct Slot {
    std::optional<Entry> waiting;
    std::optional<Entry> sent;
  };
  struct InFlight {
    WriteTarget target;
    absl::Time deadline;
    WritePriority priority = WritePriority::kNormal;
  };
  // By the time from which an entry may be sent, then by age.
  using Ready = absl::btree_set<std::tuple<absl::Time, uint64_t, WriteTarget>>;

  Ready& ReadyOf(const Entry& entry) {
    return ready_[static_cast<size_t>(entry.request.priority)];
  }
  size_t Capacity(WritePriority priority) const;
  void MakeReady(Slot& slot);
  void Withdraw(Slot& slot);

  // Sends what may be sent, and sets the deadline.
  void Pump(absl::Time now);
  // The next entry that may be sent at `now`; null: none.
  Slot* NextReady(absl::Time now);
  bool MaySend(WritePriority priority) const;
  void Send(absl::Time now, Slot& slot);
  void SetDeadline(absl::Time now);

  // The answer's slot and its entry; nullopt: it was given up.
  std::optional<Entry> TakeSent(uint64_t number);
  void OnDone(Entry entry, std::string_view body);
  void OnFresh(absl::Time now, Entry entry, std::string_view body);
  void OnError(absl::Time now, Entry entry, const ApiError& error);
  void OnConflict(absl::Time now, Entry entry, const ApiError& error);
  void PauseAll(absl::Time now, const ApiError& error);
  void EndPause();
  // Sends the entry again at `at`, unless a later wish waits.
  void Again(absl::Time at, Entry entry);
  // Lets the waiting wish of the target see the fresh object.
  void RebaseWaiting(const WriteTarget& target, const config::YamlNode& fresh);
  void Report(Entry entry, WriteVerdict verdict, std::string error = "",
              config::YamlNode object = {});
  void Tidy(const WriteTarget& target);

  const WriterOptions options_;
  Prng prng_;
  BackOff pause_;
  TokenBucket bucket_;
  absl::Time paused_until_ = absl::InfinitePast();
  bool is_probing_ = false;  // Nothing was done since the last pause.
  std::map<WriteTarget, Slot> slots_;
  std::array<Ready, 2> ready_;      // By priority.
  std::array<size_t, 2> counts_{};  // Waiting entries, by priority.
  absl::btree_map<uint64_t, InFlight> in_flight_;
  uint64_t last_sequence_ = 0;
  uint64_t last_number_ = 0;
  absl::Time deadline_ = absl::InfiniteFuture();
  std::vector<Order> orders_;
  Reports reports_;
  std::string last_error_;
  Ended ended_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_WRITE_QUEUE_H_

// ListWatch: the rules by which a client follows the objects of one resource.
//
// First a list says all objects, page by page; then a watch says each change,
// from the list's resourceVersion on. What ends a watch decides what follows:
//
//   the server ended it (its timeout)   watch again from the last version
//   the connection was lost, or 401,    wait, ask for the server's version,
//   403, 404, 429, 5xx                  then watch again from the last version
//   silence for `silence_max`           the same without a wait
//   410, within the stream too          list again, without a wait unless the
//                                       last list began a moment ago
//   a line that is no event             list again
//   504 ResourceVersionTooLarge         wait, watch again; the third time list
//   400, with a field selector          list all, and select here
//
// The question for the server's version is a list of one object. If the answer
// is older than the last version, the server's store was restored from a
// backup: a watch from the last version would be silent for ever, so a list
// follows.
//
// Requests are bounded: a failure waits by BackOff, and only a watch that was
// open for `back_off.max` ends a row of failures. So it sends, besides the
// pages of a list, at most kRequestsPer10sMax requests in any 10 s.
//
// A core: it takes `now`, it has no I/O and no clock. At most one request is
// under way; the shell (Reflector) carries TakeOrder() out after each call.
//
//   ListWatch core({.resource = {"", "v1", "nodes"}}, prng);
//   core.Start(now);
//   ListWatch::Order order = core.TakeOrder();
//   if (order.send) Send(*order.send);
#ifndef LB_KUBERNETES_LIST_WATCH_H_
#define LB_KUBERNETES_LIST_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/kubernetes/api_error.h"
#include "lb/kubernetes/back_off.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/line_splitter.h"
#include "lb/kubernetes/object_view.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb::kubernetes {

// With the default back-off; pages of a list are not counted.
inline constexpr int kRequestsPer10sMax = 40;
// Drawn, so that all that wait for a server do not ask it at one instant.
inline constexpr absl::Duration kBackWait = absl::Milliseconds(100);
// A listing of more pages fails.
inline constexpr int kListPagesMax = 10'000;

class ListWatch {
 public:
  // What is to be done with requests, in this order.
  struct Order {
    bool cancel = false;  // The request that is under way.
    std::optional<http::Request> send;
  };

  struct Stats {
    uint64_t lists = 0;     // Listings that were begun.
    uint64_t watches = 0;   // Watches that were begun.
    uint64_t failures = 0;  // Requests that failed, for whatever reason.
    uint64_t silences = 0;  // Watches that were silent for too long.
  };

  // REQUIRES: Validate(options) is OK.
  ListWatch(ReflectorOptions options, const Prng& prng);

  void Start(absl::Time now);

  // Lists again from the first page, instead of what is under way. What was
  // passed on before yields nothing; after a failure the wait still counts.
  void Relist(absl::Time now);

  // The server, which was lost, has answered another of its clients: a wait
  // that is not the server's own wish ends within kBackWait.
  void OnServerBack(absl::Time now);

  // The answer to the request that is under way.
  void OnHead(absl::Time now, int code, absl::Span<const http::Header> headers);
  void OnBody(absl::Time now, std::string_view bytes);
  void OnEnd(absl::Time now, const absl::Status& status);

  // `deadline()` has passed.
  void OnTimer(absl::Time now);

  absl::Time deadline() const { return deadline_; }
  Order TakeOrder() { return std::exchange(order_, {}); }
  std::vector<Change> TakeChanges() { return view_.TakeChanges(); }

  // True once a listing was complete, while the changes after it come in.
  bool is_synchronized() const { return is_listed_ && is_following_; }
  // True once a listing was complete: what was passed on was true at
  // heard_at().
  bool is_listed() const { return is_listed_; }
  // When the server said something last; InfinitePast: not yet.
  absl::Time heard_at() const { return heard_at_; }
  // The last failure, as people read it; empty if there was none.
  const std::string& last_error() const { return last_error_.text; }
  // What kind of a failure that was; nullopt if there was none.
  std::optional<ErrorKind> last_error_kind() const { return last_error_.kind; }
  const Stats& stats() const { return stats_; }
  const ObjectView& view() const { return view_; }

 private:
  enum class Phase { kIdle, kListing, kAsking, kWatching };

  struct LastError {
    std::string text;
    std::optional<ErrorKind> kind;
  };

  struct Failure {
    ApiError error;
    Phase next;
  };

  // A request that is under way, and what came of its answer.
  struct Exchange {
    explicit Exchange(size_t line_bytes_max) : lines(line_bytes_max) {}

    int code = 0;  // 0: the head has not come.
    std::vector<http::Header> headers;
    std::string body;  // A page, or an error's.
    LineSplitter lines;
    std::optional<Failure> failure;  // What a line of a watch said.
    absl::Time opened_at = absl::InfiniteFuture();
    absl::Time ends_at = absl::InfiniteFuture();  // A watch's.

    bool is_ok() const { return code >= 200 && code < 300; }
  };

  // Each sends the request of its phase.
  void List(absl::Time now);
  void AskForPage(absl::Time now);
  void AskForVersion(absl::Time now);
  void Watch(absl::Time now);
  void Send(absl::Time now, http::Request request);
  void Go(absl::Time now);

  void OnPage(absl::Time now, const Exchange& exchange);
  void OnListed(absl::Time now, std::string resource_version);
  void OnVersion(absl::Time now, const Exchange& exchange);
  void OnLines(absl::Time now, std::string_view bytes);
  void OnLine(std::string_view line);
  void OnWatchEnd(absl::Time now, const Exchange& exchange);
  void OnWatchTimer(absl::Time now);
  void OnPageTooLarge(absl::Time now);

  // Decides what follows from an error of the present phase.
  void OnError(absl::Time now, const ApiError& error);
  Phase NextAfter(const ApiError& error);
  // Goes to `next` after a wait, which most errors have.
  void Fail(absl::Time now, const ApiError& error, Phase next);
  void Wait(absl::Time now, Phase next, absl::Duration wait);
  // A watch that was open for long ends a row of failures.
  void NoteEnd(absl::Time now, const Exchange& exchange);
  void ArmWatch(absl::Time now);

  const ReflectorOptions options_;
  Prng prng_;
  BackOff back_off_;
  ObjectView view_;
  // What is under way, or, without an exchange, what follows the wait.
  Phase phase_ = Phase::kIdle;
  std::optional<Exchange> exchange_;
  absl::Time deadline_ = absl::InfiniteFuture();
  Order order_;
  // The listing that is under way.
  std::string continue_token_;
  int page_limit_;
  int pages_ = 0;
  absl::Time list_begun_at_ = absl::InfinitePast();
  std::string resource_version_;
  int too_large_ = 0;  // 504 answers in a row.
  bool is_listed_ = false;
  bool is_following_ = false;
  absl::Time heard_at_ = absl::InfinitePast();
  absl::Time relist_at_ = absl::InfiniteFuture();
  LastError last_error_;
  Stats stats_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_LIST_WATCH_H_

// SimWatches: the open watches of a simulated API server.
//
// A watch gets the writes after its version in order, as events of what it
// selects: an object that comes to match is ADDED, one that ceases to match is
// DELETED. It gets bookmarks, and ends after its timeout. As on a real server,
// a watch from a version that is not reached yet is silent until then.
//
// On a simulated loop; one thread.
#ifndef LB_KUBERNETES_TESTING_SIM_WATCHES_H_
#define LB_KUBERNETES_TESTING_SIM_WATCHES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "lb/http/client.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/sim_answer.h"
#include "lb/kubernetes/testing/sim_exchanges.h"
#include "lb/kubernetes/testing/sim_reads.h"
#include "lb/kubernetes/testing/sim_request.h"
#include "lb/kubernetes/testing/sim_store.h"

namespace lb::kubernetes {

class SimWatches {
 public:
  SimWatches(io::SimLoop* loop, const SimStore* store, SimExchanges* exchanges)
      : loop_(loop), store_(store), exchanges_(exchanges) {}

  // How long after a write its events are sent.
  void set_lag(absl::Duration lag) { lag_ = lag; }
  absl::Duration lag() const { return lag_; }

  // Opens the watch; nullopt: it is open, its head is sent. Else the refusal:
  // 410 if its version is compacted.
  std::optional<SimAnswer> Open(http::RequestId id, const SimRequest& request,
                                const SimSelector& selector);

  // There are new writes.
  void OnWrite();
  // Sends all events now, before their writes are forgotten.
  void Flush();

  // Sends the line `text` to the watch.
  void SendLine(http::RequestId id, std::string_view text);
  // Ends the watch as if its timeout had passed.
  void End(http::RequestId id);
  void DropAll() { watches_.clear(); }

  // The watches that are open now.
  size_t size() const;

 private:
  struct Watch {
    SimRequest request;
    SimSelector selector;
    uint64_t position = 0;  // The last version that it was told of.
    uint64_t told = 0;      // The version of the last line that was sent.
    absl::Time ends_at;
  };

  // Sends the events of the writes until `end` to every watch, or to one.
  void Pump(absl::Time end);
  void Pump(absl::Time end, http::RequestId id, Watch& watch);
  // The event of a write, as this watch sees it; empty: nothing.
  static std::string EventOf(const SimWrite& write, const Watch& watch);
  void OnBookmark(http::RequestId id);
  void SendBookmark(http::RequestId id);

  io::SimLoop* const loop_;
  const SimStore* const store_;
  SimExchanges* const exchanges_;
  absl::Duration lag_ = absl::Milliseconds(5);
  std::map<http::RequestId, Watch> watches_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_WATCHES_H_

// SimExchanges: the requests under way between simulated hosts and a server.
//
// Parts of an answer arrive in order, each after a latency with jitter. A host
// that is partitioned gets nothing; the parts wait, and come when it is
// reachable again, unless its connection has been given up by then.
//
// On a simulated loop; one thread.
#ifndef LB_KUBERNETES_TESTING_SIM_EXCHANGES_H_
#define LB_KUBERNETES_TESTING_SIM_EXCHANGES_H_

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/sim_answer.h"

namespace lb::kubernetes {

struct SimTiming {
  absl::Duration latency = absl::Milliseconds(2);  // One way.
  absl::Duration jitter = absl::Milliseconds(1);
  // When a host gives a connection up that hears nothing: a client's PINGs.
  absl::Duration dead_after = absl::Seconds(10);
};

class SimExchanges {
 public:
  SimExchanges(io::SimLoop* loop, const SimTiming& timing, const Prng& prng)
      : loop_(loop), timing_(timing), prng_(prng.Fork("latency")) {}

  http::RequestId Open(std::string host,
                       std::unique_ptr<http::ResponseHandler> handler);
  // The host wants no more of it.
  void Close(http::RequestId id) { exchanges_.erase(id); }
  bool IsOpen(http::RequestId id) const { return exchanges_.contains(id); }

  // Each part arrives later. Without effect on an exchange that is closed.
  void SendHead(http::RequestId id, int code,
                std::vector<http::Header> headers);
  void SendBody(http::RequestId id, std::string bytes);
  void SendEnd(http::RequestId id, absl::Status status);
  // Head, body and end.
  void SendAnswer(http::RequestId id, SimAnswer answer);

  // The connections of all hosts, or of one, are lost now.
  void LoseAll();
  void LoseHost(const std::string& host);
  void Lose(http::RequestId id);
  // No connection is made for it.
  void RefuseConnection(http::RequestId id);

  void Cut(const std::string& host) { cut_.insert(host); }
  void Join(const std::string& host);
  bool IsCut(const std::string& host) const { return cut_.contains(host); }

  // A latency, drawn.
  absl::Duration Latency() {
    return timing_.latency + prng_.UniformDuration(timing_.jitter);
  }

 private:
  void End(http::RequestId id, const absl::Status& status);

  struct Part {
    enum class Kind { kHead, kBody, kEnd };
    Kind kind = Kind::kBody;
    int code = 0;
    std::vector<http::Header> headers;
    std::string bytes;
    absl::Status status;
  };
  struct Exchange {
    std::string host;
    std::shared_ptr<http::ResponseHandler> handler;
    std::deque<Part> parts;
    absl::Time last_at;  // When the last part is due.
  };

  void Send(http::RequestId id, Part part);
  // Hands the first waiting part over.
  void Deliver(http::RequestId id);

  io::SimLoop* const loop_;
  const SimTiming timing_;
  Prng prng_;
  std::map<http::RequestId, Exchange> exchanges_;
  std::set<std::string> cut_;
  http::RequestId last_id_ = 0;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_EXCHANGES_H_

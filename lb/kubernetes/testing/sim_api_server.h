// SimApiServer: a Kubernetes API server in virtual time, for tests.
//
// Each simulated host gets a http::Client of its own. The server lists, watches
// and writes by the rules of Kubernetes 1.26 to 1.34, as far as this library
// uses them, and fails as real ones do: by a plan with a seed, by restarts, by
// partitions, by a restore of an older state. What it was asked is in its log.
//
// A test changes objects by Create(), Patch() and Delete(), as a user would.
//
// On a simulated loop, which must not run after the server was destroyed. One
// thread.
//
//   io::SimLoop loop;
//   SimApiServer server(&loop, {}, Prng(seed));
//   server.AddKind({.resource = {"", "v1", "services"}, .kind = "Service"});
//   http::Client* client = server.AddHost("n1");
#ifndef LB_KUBERNETES_TESTING_SIM_API_SERVER_H_
#define LB_KUBERNETES_TESTING_SIM_API_SERVER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/request_log.h"
#include "lb/kubernetes/testing/sim_answer.h"
#include "lb/kubernetes/testing/sim_exchanges.h"
#include "lb/kubernetes/testing/sim_faults.h"
#include "lb/kubernetes/testing/sim_reads.h"
#include "lb/kubernetes/testing/sim_request.h"
#include "lb/kubernetes/testing/sim_store.h"
#include "lb/kubernetes/testing/sim_watches.h"

namespace lb::kubernetes {

struct SimApiOptions {
  SimTiming timing;
  SimFields fields;
};

class SimApiServer {
 public:
  SimApiServer(io::SimLoop* loop, const SimApiOptions& options,
               const Prng& prng);
  ~SimApiServer();

  // The client of a new host; it lives as long as the server.
  http::Client* AddHost(const std::string& name);

  void AddKind(SimKind kind) { store_.AddKind(std::move(kind)); }
  // Its resource is not found from now on, as one whose definition is not
  // there.
  void RemoveKind(const Resource& resource) { store_.RemoveKind(resource); }
  const SimStore& store() const { return store_; }

  // What a user does; it works at any time. `json` is the object, or the merge
  // patch. A conflict and the like are in the outcome.
  SimOutcome Create(const Resource& resource, std::string_view json);
  SimOutcome Patch(const Resource& resource, const ObjectKey& key,
                   std::string_view json, std::string_view subresource = "");
  SimOutcome Delete(const Resource& resource, const ObjectKey& key);

  SimFaultPlan& faults() { return faults_; }
  // Which fields it selects by, from now on.
  SimFields& fields() { return options_.fields; }
  // How late watches and reads of the watch cache are.
  void SetCacheLag(absl::Duration lag);

  // All connections are lost. No connection is made for `down`; then each
  // request is answered 403 for `forbidden`, as the rights are not loaded yet.
  void Restart(absl::Duration down, absl::Duration forbidden);
  SimStore::Backup MakeBackup() const { return store_.MakeBackup(); }
  // Restarts with the state of the backup. Versions go back.
  void Restore(const SimStore::Backup& backup, absl::Duration down);
  // Forgets what watches and continue tokens of the past need: they get 410.
  void Compact();
  // Nothing reaches the host, and nothing comes from it.
  void Cut(const std::string& host);
  void Join(const std::string& host);
  // The host's connections are lost, and can be made again at once.
  void LoseConnections(const std::string& host) { exchanges_.LoseHost(host); }

  // Called after each request of a host that changed something.
  void SetOnWrite(
      std::function<void(const std::string& host, const SimRequest& request)>
          on_write) {
    on_write_ = std::move(on_write);
  }

  const RequestLog& log() const { return log_; }
  size_t open_watches() const { return watches_.size(); }

 private:
  class HostClient;

  // A request that has reached the server.
  struct Arrival {
    http::RequestId id = 0;
    size_t log_index = 0;
    SimRequest request;
  };

  http::RequestId Receive(const std::string& host, http::Request request,
                          std::unique_ptr<http::ResponseHandler> handler);
  void Arrive(const std::string& host, http::RequestId id,
              const http::Request& request);
  void Handle(const Arrival& arrival);
  // True: the request met a fault that answers it, or loses it.
  bool Refuse(const Arrival& arrival);
  bool RefuseWatch(const Arrival& arrival);
  SimAnswer Act(const SimRequest& request, const SimKind& kind);
  void Answer(const Arrival& arrival, SimAnswer answer);
  void OpenWatch(const Arrival& arrival);
  SimOutcome Note(SimOutcome outcome);
  void GiveUp(http::RequestId id);

  io::SimLoop* const loop_;
  SimApiOptions options_;
  Prng prng_;
  SimStore store_;
  SimReads reads_;
  SimExchanges exchanges_;
  SimWatches watches_;
  SimFaultPlan faults_;
  RequestLog log_;
  std::map<std::string, std::unique_ptr<HostClient>> hosts_;
  std::map<std::string, int> cuts_;  // How often each host was cut.
  absl::Time down_until_ = absl::InfinitePast();
  absl::Time forbidden_until_ = absl::InfinitePast();
  std::function<void(const std::string& host, const SimRequest& request)>
      on_write_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_SIM_API_SERVER_H_

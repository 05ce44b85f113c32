// AlteredApi: the requests of an lbd with a seeded defect.
//
// It stands between the lbd and the API server, so the product knows nothing of
// it. With another defect, or none, requests pass unchanged.
//
// One thread. The loop and the server outlive it.
#ifndef LB_TESTS_SIM_CHAOS_KUBERNETES_ALTERED_API_H_
#define LB_TESTS_SIM_CHAOS_KUBERNETES_ALTERED_API_H_

#include <map>
#include <memory>
#include <string>

#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/sim/sim_loop.h"
#include "lb/kubernetes/testing/sim_api_server.h"
#include "tests/sim/chaos/defect.h"

namespace lb::chaos {

class AlteredApi final : public http::Client {
 public:
  // The host of this name has no other client of the server.
  AlteredApi(io::SimLoop* loop, kubernetes::SimApiServer* server,
             const std::string& host, Defect defect);
  ~AlteredApi() override;

  http::RequestId Send(http::Request request,
                       std::unique_ptr<http::ResponseHandler> handler) override;
  void Cancel(http::RequestId id) override;

 private:
  class Retrier;

  // The server that the request goes to.
  http::Client* TargetOf(const http::Request& request) const;
  // With a resourceVersion that the server still knows.
  void SkipForgotten(http::Request* request) const;
  void SendNow(http::RequestId id, const http::Request& request,
               std::unique_ptr<http::ResponseHandler> handler);

  const kubernetes::SimApiServer* const server_;
  const Defect defect_;
  http::Client* const client_;
  // Has nothing but Leases; null: those are the server's, too.
  std::unique_ptr<kubernetes::SimApiServer> own_leases_;
  http::Client* own_client_ = nullptr;
  struct Sent {
    http::Client* target = nullptr;
    http::RequestId id = 0;
  };
  http::RequestId last_id_ = 0;
  std::map<http::RequestId, Sent> sent_;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_KUBERNETES_ALTERED_API_H_

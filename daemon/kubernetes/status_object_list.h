// StatusObjectList: reads all status objects that a selector takes, once.
//
// It is a Reflector that does not watch: a node is to have few watches, and
// other clients hardly ever write such an object. While the server is away, or
// refuses, it tries again at the Reflector's pace.
//
//   StatusObjectList list(loop, client, options, prng,
//                         {.read = ReadServiceL2Status, .on_listed = ...});
//
// Loop thread only. The loop and the client outlive it; `on_listed` may destroy
// it.
#ifndef LB_DAEMON_KUBERNETES_STATUS_OBJECT_LIST_H_
#define LB_DAEMON_KUBERNETES_STATUS_OBJECT_LIST_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/kubernetes/status_objects.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb {

class StatusObjectList : private kubernetes::Reflector::Observer {
 public:
  using Read = std::function<StatusObjects::Object(
      const kubernetes::ObjectMeta& meta, const config::YamlNode& object)>;
  struct Handlers {
    Read read;
    // In the order of names.
    absl::AnyInvocable<void(const std::vector<StatusObjects::Object>& objects)>
        on_listed;
  };

  // Asks at once.
  StatusObjectList(io::Loop* loop, http::Client* client,
                   kubernetes::ReflectorOptions options, const Prng& prng,
                   Handlers handlers);

  // Why the server has not answered yet; empty: nothing is known.
  const std::string& last_error() const {
    return reflector_.state().last_error();
  }

 private:
  void OnChange(const kubernetes::Change& change) override;

  Handlers handlers_;
  std::map<std::string, StatusObjects::Object> objects_;  // By name.
  kubernetes::Reflector reflector_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_STATUS_OBJECT_LIST_H_

// ListOnce: reads all objects that a selector takes, once.
//
// It is a Reflector that does not watch: a node is to have few watches, and
// some objects matter at one moment only. While the server is away, or refuses,
// it tries again at the Reflector's pace.
//
//   ListOnce<Pod> list(loop, client, options, prng,
//                      {.read = ReadPod, .on_listed = ...});
//
// Loop thread only; header only. The loop and the client outlive it;
// `on_listed` may destroy it.
#ifndef LB_DAEMON_KUBERNETES_LIST_ONCE_H_
#define LB_DAEMON_KUBERNETES_LIST_ONCE_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lb/base/prng.h"
#include "lb/config/yaml_tree.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/reflector_options.h"
#include "lb/kubernetes/resource.h"

namespace lb {

template <typename Value>
class ListOnce : private kubernetes::Reflector::Observer {
 public:
  using Read = std::function<Value(const kubernetes::ObjectMeta& meta,
                                   const config::YamlNode& object)>;
  struct Handlers {
    Read read;
    // In the order of namespaces and names.
    absl::AnyInvocable<void(const std::vector<Value>& objects)> on_listed;
  };

  // Asks at once.
  ListOnce(io::Loop* loop, http::Client* client,
           kubernetes::ReflectorOptions options, const Prng& prng,
           Handlers handlers)
      : handlers_(std::move(handlers)),
        reflector_(loop, client, this, Once(std::move(options)), prng) {
    reflector_.Start();
  }

  // Why the server has not answered yet; empty: nothing is known.
  const std::string& last_error() const {
    return reflector_.state().last_error();
  }

 private:
  static kubernetes::ReflectorOptions Once(
      kubernetes::ReflectorOptions options) {
    options.watches = false;
    // A page is read within one turn of the loop.
    options.page_limit = 100;
    return options;
  }

  void OnChange(const kubernetes::Change& change) override {
    using Kind = kubernetes::Change::Kind;
    switch (change.kind) {
      case Kind::kSet:
        objects_.insert_or_assign(change.meta.key,
                                  handlers_.read(change.meta, change.object));
        return;
      case Kind::kDeleted:  // The list began again.
        objects_.erase(change.meta.key);
        return;
      case Kind::kListed:
        break;
    }
    std::vector<Value> objects;
    for (auto& [key, object] : objects_) objects.push_back(std::move(object));
    auto on_listed = std::move(handlers_.on_listed);
    on_listed(objects);  // It may destroy this object.
  }

  Handlers handlers_;
  std::map<kubernetes::ObjectKey, Value> objects_;
  kubernetes::Reflector reflector_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_LIST_ONCE_H_

#include "daemon/kubernetes/status_object_list.h"

#include <utility>

namespace lb {
namespace {

kubernetes::ReflectorOptions Once(kubernetes::ReflectorOptions options) {
  options.watches = false;
  // A page is read within one turn of the loop.
  options.page_limit = 100;
  return options;
}

}  // namespace

StatusObjectList::StatusObjectList(io::Loop* loop, http::Client* client,
                                   kubernetes::ReflectorOptions options,
                                   const Prng& prng, Handlers handlers)
    : handlers_(std::move(handlers)),
      reflector_(loop, client, this, Once(std::move(options)), prng) {
  reflector_.Start();
}

void StatusObjectList::OnChange(const kubernetes::Change& change) {
  using Kind = kubernetes::Change::Kind;
  switch (change.kind) {
    case Kind::kSet:
      objects_[change.meta.key.name] =
          handlers_.read(change.meta, change.object);
      return;
    case Kind::kDeleted:  // The list began again.
      objects_.erase(change.meta.key.name);
      return;
    case Kind::kListed:
      break;
  }
  std::vector<StatusObjects::Object> objects;
  for (auto& [name, object] : objects_) objects.push_back(std::move(object));
  auto on_listed = std::move(handlers_.on_listed);
  on_listed(objects);  // It may destroy this object.
}

}  // namespace lb

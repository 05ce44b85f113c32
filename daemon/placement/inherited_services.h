// InheritedServices: the services that this node is elected for after a speaker
// of MetalLB, and that it has not claimed yet.
//
// A speaker takes no tenures, so nothing else says that it announced them. It
// is no member any more when it stops to answer for them, as it leaves before
// its process ends.
//
//   inherited.Note("default/web", {.by_speaker = true});
//   inherited.Note("default/web", {.is_here = true});
//   inherited.Contains("default/web");  // True, until Remove().
//
// Pure bookkeeping, one thread.
#ifndef LB_DAEMON_PLACEMENT_INHERITED_SERVICES_H_
#define LB_DAEMON_PLACEMENT_INHERITED_SERVICES_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace lb {

class InheritedServices {
 public:
  struct Place {
    bool is_here = false;     // This node is elected for it.
    bool by_speaker = false;  // A speaker of MetalLB is.
  };

  // The place of the service now; no place: it is announced by no node.
  void Note(const std::string& service, const Place& place) {
    const bool was_speakers = speakers_.erase(service) > 0;
    if (place.by_speaker) speakers_.insert(service);
    if (!place.is_here) {
      inherited_.erase(service);
    } else if (was_speakers) {
      inherited_.insert(service);
    }
  }
  // This node has claimed it.
  void Remove(const std::string& service) { inherited_.erase(service); }
  bool Contains(std::string_view service) const {
    return inherited_.contains(service);
  }

 private:
  std::set<std::string, std::less<>> speakers_;
  std::set<std::string, std::less<>> inherited_;
};

}  // namespace lb

#endif  // LB_DAEMON_PLACEMENT_INHERITED_SERVICES_H_

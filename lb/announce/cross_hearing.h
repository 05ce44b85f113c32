// CrossHearing: which interfaces of this node hear each other's announcements.
//
// Two such interfaces are on one segment, whatever their subnets, and both
// answer there for each address. Announcements are rare, so while a pair is
// known one more is due on its first interface every kAskAgain; a pair that was
// not heard for kOver is forgotten: a link was moved, say.
//
// Told of what is heard, with the time; sends nothing. At most one pair per two
// usable interfaces.
#ifndef LB_ANNOUNCE_CROSS_HEARING_H_
#define LB_ANNOUNCE_CROSS_HEARING_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"

namespace lb::announce {

// Two names, the lower one first.
using InterfacePair = std::pair<std::string, std::string>;

class CrossHearing {
 public:
  static constexpr absl::Duration kAskAgain = absl::Seconds(10);
  static constexpr absl::Duration kOver = absl::Seconds(30);

  // A frame that `sender` sent came in on `receiver`, another one.
  void OnHeard(absl::Time now, const std::string& sender,
               const std::string& receiver);
  // Forgets the pairs of all others.
  void KeepOnly(const absl::btree_set<std::string>& usable);

  // On which interfaces an announcement is due; each name once.
  absl::btree_set<std::string> TakeDue(absl::Time now);
  absl::Time NextDeadline() const;  // InfiniteFuture: none.

  // Pairs that were heard within kOver; sorted.
  std::vector<InterfacePair> PairsAt(absl::Time now) const;

 private:
  struct Heard {
    std::string sender;  // The latest; asked to announce again.
    absl::Time at;
    absl::Time ask_at;
  };

  std::map<InterfacePair, Heard> heard_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_CROSS_HEARING_H_

// AnswerPlaces: from where members answer, where that is not their endpoint.
//
// A member tells one endpoint and is pinged there. Mostly its acks come from
// there too; not if its host has several addresses and its socket is bound to
// none, or if it is behind a translator. The ack by which it is verified shows
// the place: its number was drawn for this member and was not sent before.
//
// Plain state. Holds as many places as there are verified members, at most.
#ifndef LB_GOSSIP_ANSWER_PLACES_H_
#define LB_GOSSIP_ANSWER_PLACES_H_

#include <map>

#include "lb/net/endpoint.h"

namespace lb::gossip {

class AnswerPlaces {
 public:
  // The member at `endpoint` was verified by an ack from `from`.
  void Learn(const net::Endpoint& endpoint, const net::Endpoint& from) {
    if (from == endpoint) return Forget(endpoint);
    places_[endpoint] = from;
  }
  // It is down, or elsewhere.
  void Forget(const net::Endpoint& endpoint) { places_.erase(endpoint); }
  // True if the member at `endpoint` answers from `from`.
  bool Matches(const net::Endpoint& endpoint, const net::Endpoint& from) const {
    if (from == endpoint) return true;
    const auto found = places_.find(endpoint);
    return found != places_.end() && found->second == from;
  }

 private:
  std::map<net::Endpoint, net::Endpoint> places_;  // By endpoint.
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_ANSWER_PLACES_H_

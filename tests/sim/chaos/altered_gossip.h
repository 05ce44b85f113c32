// Gossip transports that change some of a node's messages, as a seeded defect.
// All others pass unchanged.
//
// Without refutations: the node's messages about itself leave with the
// incarnation of the first one, whatever it was accused of since. Nothing
// provisional: assignments that the node made without knowing the others leave
// as if it had known them. Without unrouted: what the node says of itself never
// has the bit "unrouted" of its metadata. Credulous: each ack seems to come
// from the member that the node has pinged.
#ifndef LB_TESTS_SIM_CHAOS_ALTERED_GOSSIP_H_
#define LB_TESTS_SIM_CHAOS_ALTERED_GOSSIP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/stream_transport.h"

namespace lb::chaos {

// The last message of the node about itself, and the first incarnation with it.
struct OwnWord {
  std::string node;
  std::optional<gossip::wire::Bytes> meta;
  uint32_t incarnation = 0;
};

// `keyring` is the node's own. The wrapped transport must outlive the returned
// one.
std::unique_ptr<io::DatagramTransport> WithoutRefutations(
    io::DatagramTransport* datagrams, const gossip::wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word);
std::unique_ptr<io::StreamTransport> WithoutRefutations(
    io::StreamTransport* streams, const gossip::wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word);
std::unique_ptr<io::StreamTransport> WithNothingProvisional(
    io::StreamTransport* streams, const gossip::wire::Keyring& keyring);
std::unique_ptr<io::DatagramTransport> WithoutUnrouted(
    io::DatagramTransport* datagrams, const gossip::wire::Keyring& keyring,
    const std::string& node);
std::unique_ptr<io::StreamTransport> WithoutUnrouted(
    io::StreamTransport* streams, const gossip::wire::Keyring& keyring,
    const std::string& node);
std::unique_ptr<io::DatagramTransport> WithAnybodysAcks(
    io::DatagramTransport* datagrams, const gossip::wire::Keyring& keyring);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ALTERED_GOSSIP_H_

// Gossip transports with a defect in what a node says or hears; all else passes
// unchanged.
//
// Without refutations: what the node says of itself leaves with the incarnation
// with which it said it first, whatever it was accused of since. Nothing
// provisional: what it assigns without knowing of the others it says as if it
// knew. Anybody's acks: each seems to come from whom the node has asked.
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

// What the node said of itself last, and with which incarnation first.
struct OwnWord {
  std::string node;
  std::optional<gossip::wire::Bytes> meta;
  uint32_t incarnation = 0;
};

// `keyring` is the node's own. What is wrapped must outlive what is returned.
std::unique_ptr<io::DatagramTransport> WithoutRefutations(
    io::DatagramTransport* datagrams, const gossip::wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word);
std::unique_ptr<io::StreamTransport> WithoutRefutations(
    io::StreamTransport* streams, const gossip::wire::Keyring& keyring,
    std::shared_ptr<OwnWord> word);
std::unique_ptr<io::StreamTransport> WithNothingProvisional(
    io::StreamTransport* streams, const gossip::wire::Keyring& keyring);
std::unique_ptr<io::DatagramTransport> WithAnybodysAcks(
    io::DatagramTransport* datagrams, const gossip::wire::Keyring& keyring);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ALTERED_GOSSIP_H_

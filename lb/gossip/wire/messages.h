// Messages of the memberlist protocol, as values.
//
// Field names are the wire's own in this project's spelling. Addresses stay the
// bytes that came (4 or 16): an IPv4 address and its mapped form are one host,
// but what a node says of itself is passed on unchanged.
#ifndef LB_GOSSIP_WIRE_MESSAGES_H_
#define LB_GOSSIP_WIRE_MESSAGES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lb::gossip::wire {

using Bytes = std::vector<uint8_t>;

// First byte of every message.
enum class MessageType : uint8_t {
  kPing = 0,
  kIndirectPing = 1,
  kAck = 2,
  kSuspect = 3,
  kAlive = 4,
  kDead = 5,
  kPushPull = 6,
  kCompound = 7,
  kUser = 8,
  kCompress = 9,
  kEncrypt = 10,
  kNack = 11,
  kCrc = 12,
  kError = 13,
  kLabel = 244,
};

// The asker, and where answers to its ping go. Absent fields are not sent.
struct Source {
  Bytes address;      // Empty: absent.
  uint16_t port = 0;  // 0: absent.
  std::string node;   // Empty: absent.

  friend bool operator==(const Source&, const Source&) = default;
};

struct Ping {
  uint32_t sequence = 0;
  std::string node;  // The target; other nodes do not answer.
  Source source;

  friend bool operator==(const Ping&, const Ping&) = default;
};

struct IndirectPing {
  uint32_t sequence = 0;
  Bytes target;
  uint16_t port = 0;  // 0: the receiver's own port.
  std::string node;
  bool nack = false;  // Wants a nack if the target does not answer.
  Source source;

  friend bool operator==(const IndirectPing&, const IndirectPing&) = default;
};

struct Ack {
  uint32_t sequence = 0;
  std::optional<Bytes> payload;  // nil and empty differ on the wire.

  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Nack {
  uint32_t sequence = 0;

  friend bool operator==(const Nack&, const Nack&) = default;
};

struct Error {
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

struct Suspect {
  uint32_t incarnation = 0;
  std::string node;
  std::string from;

  friend bool operator==(const Suspect&, const Suspect&) = default;
};

struct Dead {
  uint32_t incarnation = 0;
  std::string node;
  std::string from;  // Equal to `node`: it left.

  friend bool operator==(const Dead&, const Dead&) = default;
};

struct Alive {
  uint32_t incarnation = 0;
  std::string node;
  Bytes address;
  uint16_t port = 0;
  std::optional<Bytes> meta;      // nil and empty differ on the wire.
  std::optional<Bytes> versions;  // pmin, pmax, pcur, dmin, dmax, dcur.

  friend bool operator==(const Alive&, const Alive&) = default;
};

// UDP user message: opaque.
struct User {
  Bytes payload;

  friend bool operator==(const User&, const User&) = default;
};

// The messages of a datagram, after labels, encryption, checksum, compression
// and compounds are taken off.
using Message = std::variant<Ping, IndirectPing, Ack, Nack, Error, Suspect,
                             Alive, Dead, User>;

enum class NodeState : uint8_t {
  kAlive = 0,
  kSuspect = 1,
  kDead = 2,
  kLeft = 3
};

// A node's description of itself. All members pass it on unchanged.
struct NodeDescription {
  std::string name;
  Bytes address;
  uint16_t port = 0;
  std::optional<Bytes> meta;      // nil and empty differ on the wire.
  std::optional<Bytes> versions;  // As in Alive.

  friend bool operator==(const NodeDescription&,
                         const NodeDescription&) = default;
};

// Never null. Tables and full exchanges share it: thousands of nodes are named
// in each, and what they say of themselves hardly ever changes.
using SharedDescription = std::shared_ptr<const NodeDescription>;

inline SharedDescription Share(NodeDescription description) {
  return std::make_shared<const NodeDescription>(std::move(description));
}

// One node in a full exchange.
struct PushNodeState {
  SharedDescription node;
  uint32_t incarnation = 0;
  NodeState state = NodeState::kAlive;

  friend bool operator==(const PushNodeState& a, const PushNodeState& b) {
    return *a.node == *b.node && a.incarnation == b.incarnation &&
           a.state == b.state;
  }
};

// The full exchange over TCP.
struct PushPull {
  bool join = false;
  std::vector<PushNodeState> nodes;
  Bytes user_state;

  friend bool operator==(const PushPull&, const PushPull&) = default;
};

// The message of a stream: a fallback ping, its ack, a full exchange, a user
// message, or why the other side could not read this node's.
using StreamMessage = std::variant<Ping, Ack, PushPull, User, Error>;

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_MESSAGES_H_

// Declarations that the examples of pages and headers take as given.
//
// An example shows the use of one thing; the things around it are declared
// here. They are never defined, because examples are compiled and not run.
#ifndef TESTS_PACKAGING_EXAMPLES_GIVEN_H_
#define TESTS_PACKAGING_EXAMPLES_GIVEN_H_

#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/loopback_delivery.h"
#include "lb/base/prng.h"
#include "lb/base/status_macros.h"
#include "lb/config/desired.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/kinds.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/config/yaml_tree.h"
#include "lb/election/announcer.h"
#include "lb/election/election.h"
#include "lb/gossip/ports.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/history/history.h"
#include "lb/http/client.h"
#include "lb/http/tls_context.h"
#include "lb/io/environment.h"
#include "lb/io/posix/signals.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/ledger.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/ipam/service_request.h"
#include "lb/kubernetes/access.h"
#include "lb/kubernetes/authorized_client.h"
#include "lb/kubernetes/event_recorder.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/lease_elector.h"
#include "lb/kubernetes/reflector.h"
#include "lb/kubernetes/writer.h"
#include "lb/net/arp.h"
#include "lb/net/endpoint.h"
#include "lb/net/ethernet.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/mac_address.h"
#include "tests/packaging/routing_examples_given.h"

// The result of an example's function: an example may return anything.
struct Anything {
  Anything() = default;
  template <typename T>
  Anything(const T&) {}
};

// Stands for the program's use of a result.
template <typename... T>
void Apply(const T&...);
template <typename... T>
void Broadcast(const T&...);
template <typename... T>
void Print(const T&...);
template <typename... T>
void Release(const T&...);
template <typename... T>
void Show(const T&...);
template <typename... T>
void Send(const T&...);
template <typename... T>
void Use(const T&...);
void CheckInvariants();

// The program's own class that takes an Environment.
class Node {
 public:
  explicit Node(const lb::io::Environment& environment);
};

extern const absl::Time now;
extern const uint64_t seed;
extern const int users;
extern const std::string path;
extern const std::vector<uint8_t> bytes;
extern const lb::Prng prng;
extern const lb::net::IpAddress vip;
extern const lb::net::IpAddress address;
extern const lb::net::IpAddress router;
extern const lb::net::IpPrefix prefix;
extern const lb::net::MacAddress mac;
// A frame: its bytes, and its header and payload.
struct Frame : lb::net::EthernetFrame {
  operator absl::Span<const uint8_t>() const;
};
extern const Frame frame;
extern const lb::io::Environment environment;
extern lb::io::Loop& loop;
extern lb::io::Timer* const timer;
extern lb::io::FramePort* const port;
extern lb::io::SimWorld& world;
extern lb::io::SimHost* const n1;
extern lb::io::SimHost* const n2;

namespace examples {  // Of pages.
extern lb::http::Client& client;
extern const lb::net::Endpoint endpoint;
extern const lb::net::Endpoint seed;
extern const std::string secret;
extern const lb::gossip::wire::NonceSource nonces;
extern const std::vector<lb::ipam::Pool> pools;
extern const lb::ipam::ServiceRequests requests;
extern const absl::Time later;
extern const std::string ca;
extern const lb::config::YamlNode tree;
}  // namespace examples

namespace lb::announce {
extern const absl::Time last_asked;
extern const absl::btree_set<net::IpAddress> addresses;
extern const AnnounceNodeOptions options;
extern const Ports ports;
extern const io::LinkMonitor& links;
extern const std::vector<Interface> interfaces;
extern LoopbackDelivery& delivery;
}  // namespace lb::announce

namespace lb::config {
extern const Desired before;
extern const Desired after;
extern const Desired desired;
extern const std::vector<std::string> paths;
extern const ManifestOptions options;
extern Manifests manifests;
extern const std::string text;
extern const YamlNode tree;
extern const std::vector<ObjectChange> listed;
extern const ObjectChange change;
extern DesiredKeeper keeper;
extern const BgpPeer peer;
extern const election::NodeAttributes node;
}  // namespace lb::config

namespace lb::election {
extern const Announcers after;
extern const Announcers before;
extern const Cluster cluster;
extern const std::string bytes;
}  // namespace lb::election

namespace lb::gossip {
extern const net::Endpoint endpoint;
extern const std::vector<net::Endpoint> seeds;
extern const Ports ports;
}  // namespace lb::gossip

namespace lb::gossip::wire {
extern const Bytes body;
extern Bytes bytes;
extern const Bytes compressed;
extern const Bytes received;
extern const Ping ping;
extern const Keyring keyring;
extern const CodecOptions options;
extern const NonceSource nonces;
}  // namespace lb::gossip::wire

namespace lb::http {
class Printer final : public ResponseHandler {
 public:
  void OnHead(int, absl::Span<const Header>) override {}
  void OnBody(std::string_view) override {}
  void OnEnd(const absl::Status&) override {}
};
extern Client& client;
extern const std::string ca;
extern const absl::Time civil_now;
extern const std::shared_ptr<const TlsContext> context;
}  // namespace lb::http

namespace lb::ipam {
extern const std::vector<Pool> pools;
extern const ServiceRequest request;
extern const Assignment assignment;
extern Ledger ledger;
extern Ledger other;
extern io::StateStore* const state;
}  // namespace lb::ipam

namespace lb::kubernetes {
extern const Access access;
extern http::Client& client;
extern http::Client& connection;
extern const absl::Time civil_now;
extern LeaseElector::Observer& elections;
extern std::vector<http::Header> headers;
extern const JsonObject item;
extern Reflector::Observer& observer;
extern const ReflectorOptions options;
extern const std::string patch;
extern absl::StatusOr<std::string> reader(const std::string& path);
extern EventRecorder& recorder;
extern Reflector& reflector;
extern const Resource services;
extern const std::string text;
extern const std::string uid;
extern Writer& writer;
}  // namespace lb::kubernetes

namespace lb::net {
extern const std::vector<uint8_t> packet;
}  // namespace lb::net

#endif  // TESTS_PACKAGING_EXAMPLES_GIVEN_H_

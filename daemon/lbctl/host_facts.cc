#include "daemon/lbctl/host_facts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "daemon/front/certificates.h"
#include "daemon/gossip_secret.h"
#include "daemon/lbctl/key_trial.h"
#include "daemon/lbctl/unix_socket.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/io/posix/netlink_links.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/thread_resolver.h"

namespace lb::lbctl {
namespace {

constexpr size_t kPeersMax = 64;  // Peers of the join list that are tried.
constexpr absl::Duration kConnectTime = absl::Seconds(1);
constexpr absl::Duration kLookupTime = absl::Seconds(5);

// A socket address of either family.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

SocketAddress ToSocketAddress(const net::Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.address.is_ipv4()) {
    sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(endpoint.port)};
    in.sin_addr.s_addr =
        htonl(static_cast<uint32_t>(endpoint.address.number()));
    address.size = sizeof(in);
    std::memcpy(&address.storage, &in, sizeof(in));
  } else {
    sockaddr_in6 in = {.sin6_family = AF_INET6,
                       .sin6_port = htons(endpoint.port)};
    const auto bytes = endpoint.address.ToMappedBytes();
    std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
    address.size = sizeof(in);
    std::memcpy(&address.storage, &in, sizeof(in));
  }
  return address;
}

// The number in a file of /proc or /sys; 0 if there is none.
int ReadNumber(const std::string& path) {
  std::ifstream file(path);
  int number = 0;
  file >> number;
  return number;
}

int ReadSysctl(std::string_view link, std::string_view name) {
  const auto read = [&](std::string_view where) {
    return ReadNumber(
        fmt::format("/proc/sys/net/ipv4/conf/{}/{}", where, name));
  };
  return std::max(read("all"), read(link));
}

void ReadInterfaces(HostFacts& facts) {
  io::PosixLoop loop;
  const auto links = io::NetlinkLinks::Create(&loop);
  if (!links.ok()) {
    facts.interfaces_error = std::string(links.status().message());
    return;
  }
  for (io::Link& link : (*links)->Links()) {
    const int arp_ignore = ReadSysctl(link.name, "arp_ignore");
    const int arp_announce = ReadSysctl(link.name, "arp_announce");
    facts.interfaces.push_back({std::move(link), arp_ignore, arp_announce});
  }
}

// Reads the effective capabilities in /proc/PID/status, which all users may
// read.
uint64_t ReadCapabilities(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  constexpr std::string_view kName = "CapEff:\t";
  for (std::string line; std::getline(file, line);) {
    uint64_t bits = 0;
    if (line.starts_with(kName) &&
        absl::SimpleHexAtoi(line.substr(kName.size()), &bits)) {
      return bits;
    }
  }
  return 0;
}

// The kernel knows which process listens at the unix socket.
void FindListener(const std::string& path, HostFacts& facts) {
  const int fd = ConnectUnix(path);
  if (fd < 0) {
    facts.socket_error = -fd;
    return;
  }
  const absl::Cleanup close_fd = [fd] { close(fd); };
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  facts.socket_error = 0;
  facts.daemon = {peer.pid, peer.uid, ReadCapabilities(peer.pid)};
}

void ReadDaemon(const Options& options, const std::string& server,
                HostFacts& facts) {
  std::vector<std::string> sockets = options.status.listen;
  if (server.starts_with(kUnixPrefix)) {
    sockets = {server};
  } else {
    facts.other_server = server;
  }
  for (const std::string& listen : sockets) {
    if (facts.daemon.has_value() || !listen.starts_with(kUnixPrefix)) continue;
    facts.socket = listen;
    FindListener(listen.substr(kUnixPrefix.size()), facts);
  }
}

HostFacts::Port TryPort(std::string_view protocol, int type,
                        const net::Endpoint& endpoint) {
  const SocketAddress address = ToSocketAddress(endpoint);
  const int fd = socket(address.storage.ss_family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return {protocol, errno};  // No such family here.
  const absl::Cleanup close_fd = [fd] { close(fd); };
  // lbd does the same: connections of an lbd that has just ended do not hinder
  // it.
  const int yes = 1;
  if (type == SOCK_STREAM) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  }
  const bool bound = bind(fd, address.get(), address.size) == 0;
  return {protocol, bound ? 0 : errno};
}

// A connection attempt to a peer of the join list.
struct Attempt {
  HostFacts::Peer peer;
  pollfd poll = {.fd = -1, .events = 0, .revents = 0};
  bool done = false;
};

int PathMtu(int fd, const net::Endpoint& endpoint) {
  int mtu = 0;
  socklen_t size = sizeof(mtu);
  if (endpoint.address.is_ipv4()) {
    getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &size);
  } else {
    getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &size);
  }
  return mtu;
}

Attempt StartConnecting(HostFacts::Peer peer) {
  Attempt attempt;
  attempt.peer = std::move(peer);
  if (!attempt.peer.endpoint) {
    attempt.done = true;
    return attempt;
  }
  const net::Endpoint& endpoint = *attempt.peer.endpoint;
  attempt.peer.error = ETIMEDOUT;
  const SocketAddress address = ToSocketAddress(endpoint);
  attempt.poll = {.fd = socket(address.storage.ss_family,
                               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                  .events = POLLOUT,
                  .revents = 0};
  if (attempt.poll.fd < 0 ||
      (connect(attempt.poll.fd, address.get(), address.size) != 0 &&
       errno != EINPROGRESS)) {
    attempt.peer.error = errno;
    attempt.done = true;
  }
  return attempt;
}

void Finish(absl::Time started, Attempt& attempt) {
  socklen_t size = sizeof(attempt.peer.error);
  getsockopt(attempt.poll.fd, SOL_SOCKET, SO_ERROR, &attempt.peer.error, &size);
  attempt.peer.took = absl::Now() - started;
  attempt.peer.path_mtu = PathMtu(attempt.poll.fd, *attempt.peer.endpoint);
  attempt.done = true;
}

// Waits for all attempts at once, until all are done or the time is over.
void AwaitConnections(absl::Time started, std::vector<Attempt>& attempts) {
  for (;;) {
    std::vector<pollfd> waiting;
    for (const Attempt& attempt : attempts) {
      if (!attempt.done) waiting.push_back(attempt.poll);
    }
    const absl::Duration left = started + kConnectTime - absl::Now();
    if (waiting.empty() || left <= absl::ZeroDuration()) return;
    poll(waiting.data(), waiting.size(),
         static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    for (const pollfd& ready : waiting) {
      if (ready.revents == 0) continue;
      const auto attempt =
          std::find_if(attempts.begin(), attempts.end(),
                       [&](const Attempt& a) { return a.poll.fd == ready.fd; });
      Finish(started, *attempt);
    }
  }
}

// Returns the join list's addresses. Looks up all names at once.
std::vector<HostFacts::Peer> FindPeers(const Options& options) {
  std::vector<std::vector<HostFacts::Peer>> found(options.gossip.join.size());
  io::PosixLoop loop;
  io::ThreadResolver resolver(&loop);
  size_t waiting = 0;
  for (size_t i = 0; i < options.gossip.join.size(); ++i) {
    const net::HostPort& seed = options.gossip.join[i];
    found[i].push_back({.seed = seed, .fault = "no answer from DNS in time"});
    if (seed.address) {
      found[i][0].endpoint = net::Endpoint{*seed.address, seed.port};
      continue;
    }
    ++waiting;
    resolver.Resolve(seed.host, [&, i](const auto& addresses) {
      --waiting;
      found[i][0].fault = std::string(addresses.status().message());
      if (!addresses.ok()) return;
      found[i].clear();
      for (const net::IpAddress& address : *addresses) {
        found[i].push_back(
            {.seed = seed, .endpoint = net::Endpoint{address, seed.port}});
      }
    });
  }
  loop.RunUntil([&] { return waiting == 0; }, kLookupTime);
  std::vector<HostFacts::Peer> peers;
  for (const auto& of_seed : found) {
    peers.insert(peers.end(), of_seed.begin(), of_seed.end());
  }
  return peers;
}

// Tries the secret with each peer that listens. Does nothing if this user may
// not read the secret.
void TrySecret(const Options& options, HostFacts& facts) {
  gossip::wire::Keyring keyring;
  if (!options.gossip.secret_file.empty()) {
    const auto read = ReadGossipSecret(options.gossip.secret_file,
                                       options.gossip.key_derivation);
    if (!read.ok()) {
      facts.key_error = std::string(read.status().message());
      return;
    }
    keyring = *read;
  }
  std::vector<HostFacts::Peer*> peers;
  std::vector<net::Endpoint> endpoints;
  for (HostFacts::Peer& peer : facts.peers) {
    if (!peer.endpoint || peer.error != 0) continue;
    peers.push_back(&peer);
    endpoints.push_back(*peer.endpoint);
  }
  io::PosixLoop loop;
  const std::vector<KeyVerdict> verdicts =
      TryKeys(&loop, endpoints, keyring, options.gossip.label);
  for (size_t i = 0; i < peers.size(); ++i) peers[i]->key = verdicts[i];
}

void ReadPeers(const Options& options, HostFacts& facts) {
  std::vector<HostFacts::Peer> peers = FindPeers(options);
  const absl::Time started = absl::Now();
  std::vector<Attempt> attempts;
  for (HostFacts::Peer& peer : peers) {
    if (attempts.size() == kPeersMax) break;
    attempts.push_back(StartConnecting(std::move(peer)));
  }
  AwaitConnections(started, attempts);
  for (const Attempt& attempt : attempts) {
    if (attempt.poll.fd >= 0) close(attempt.poll.fd);
    facts.peers.push_back(attempt.peer);
  }
  TrySecret(options, facts);
}

void ReadClock(HostFacts& facts) {
  facts.clock = absl::Now();
  timex request = {};  // Asks only.
  facts.clock_synchronized =
      adjtimex(&request) >= 0 && (request.status & STA_UNSYNC) == 0;
}

void ReadSecret(const Options& options, HostFacts& facts) {
  if (options.gossip.secret_file.empty()) return;
  struct stat status = {};
  if (stat(options.gossip.secret_file.c_str(), &status) != 0) {
    facts.secret_error = errno;
  }
  facts.secret_mode = status.st_mode;
  facts.secret_size = static_cast<size_t>(status.st_size);
}

void ReadTls(const Options& options, HostFacts& facts) {
  const front::TlsFiles files = {.cert = options.status.tls.cert,
                                 .key = options.status.tls.key,
                                 .client_ca = options.status.tls.client_ca};
  if (files.cert.empty()) return;
  for (const std::string& path : {files.cert, files.key, files.client_ca}) {
    if (path.empty() || access(path.c_str(), R_OK) == 0 || errno != EACCES) {
      continue;
    }
    facts.tls = absl::PermissionDeniedError(path);
    return;
  }
  facts.tls = front::ReadTlsFiles(files, absl::Now()).status();
}

void ReadManifests(const Options& options, HostFacts& facts) {
  const config::Desired desired = config::BuildDesired(
      config::LoadManifests(
          options.manifests,
          {.load_balancer_class = options.load_balancer_class}),
      {});
  for (const config::Problem& problem : desired.problems) {
    facts.problems.push_back(problem.ToString());
  }
}

}  // namespace

HostFacts ReadHostFacts(const Options& options, const std::string& server) {
  HostFacts facts;
  ReadManifests(options, facts);
  ReadInterfaces(facts);
  ReadDaemon(options, server, facts);
  facts.ports = {TryPort("UDP", SOCK_DGRAM, options.gossip.bind),
                 TryPort("TCP", SOCK_STREAM, options.gossip.bind)};
  ReadSecret(options, facts);
  ReadTls(options, facts);
  ReadClock(facts);
  ReadPeers(options, facts);
  return facts;
}

}  // namespace lb::lbctl

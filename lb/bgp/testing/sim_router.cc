#include "lb/bgp/testing/sim_router.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::bgp {
namespace {

constexpr uint16_t kPort = 179;
constexpr int kOpen = 1;
constexpr int kUpdate = 2;
constexpr int kNotification = 3;
constexpr int kKeepalive = 4;
constexpr int kRefresh = 5;
constexpr net::IpFamily kFamilies[] = {net::IpFamily::kIpv4,
                                       net::IpFamily::kIpv6};

void Put(HeardBytes& bytes, uint64_t number, int size) {
  for (int n = size - 1; n >= 0; --n) {
    bytes.push_back(static_cast<uint8_t>(number >> (8 * n)));
  }
}

HeardBytes Framed(int type, const HeardBytes& body) {
  HeardBytes message(16, 0xff);
  Put(message, 19 + body.size(), 2);
  Put(message, static_cast<uint64_t>(type), 1);
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

uint8_t AfiOf(net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? 1 : 2;
}

void PutCapability(HeardBytes& bytes, uint8_t code, const HeardBytes& value) {
  bytes.push_back(code);
  bytes.push_back(static_cast<uint8_t>(value.size()));
  bytes.insert(bytes.end(), value.begin(), value.end());
}

HeardBytes CapabilitiesOf(const SimRouterOptions& options) {
  HeardBytes bytes;
  if (options.ipv4) PutCapability(bytes, 1, {0, 1, 0, 1});
  if (options.ipv6) PutCapability(bytes, 1, {0, 2, 0, 1});
  PutCapability(bytes, 2, {});
  PutCapability(bytes, 70, {});
  PutCapability(bytes, 73, {3, 'r', 't', 'r'});  // Its name: to be skipped.
  if (options.ipv4_by_ipv6_next_hop) {
    PutCapability(bytes, 5, {0, 1, 0, 1, 0, 2});
  }
  HeardBytes asn;
  Put(asn, options.asn, 4);
  PutCapability(bytes, 65, asn);
  if (options.restart_seconds > 0) {
    HeardBytes restart;
    Put(restart, static_cast<uint64_t>(options.restart_seconds), 2);
    for (const uint8_t afi : {1, 2}) {
      restart.insert(restart.end(), {0, afi, 1, 0});
    }
    PutCapability(bytes, 64, restart);
  }
  return bytes;
}

}  // namespace

SimRouter::SimRouter(io::SimHost* host, SimRouterOptions options)
    : SimRouter(host->environment().loop, host->environment().stream_factory,
                std::move(options)) {}

SimRouter::SimRouter(io::Loop* loop, io::StreamFactory* streams,
                     SimRouterOptions options)
    : loop_(loop),
      stream_factory_(streams),
      options_(std::move(options)),
      stale_timer_(loop_->NewTimer([this] { stale_.clear(); })) {
  Listen();
}

SimRouter::~SimRouter() = default;

void SimRouter::Listen() {
  io::StreamOptions options = {.socket = {.ttl = 255}};
  if (!options_.md5_key.empty()) {
    options.md5_keys = {{options_.md5_peer, options_.md5_key}};
  }
  transport_ = nullptr;
  auto transport =
      stream_factory_->Listen({net::IpAddress::Ipv6(0), kPort}, options);
  LB_CHECK(transport.ok());
  transport_ = *std::move(transport);
  transport_->SetAcceptor([this](std::unique_ptr<io::Stream> stream) {
    OnAccepted(std::move(stream));
  });
}

void SimRouter::Dial(const net::Endpoint& to) {
  auto dialer = stream_factory_->MakeDialer(
      to.address.is_ipv4() ? net::IpAddress::Ipv4(0) : net::IpAddress::Ipv6(0),
      {.socket = {.ttl = 255}});
  LB_CHECK(dialer.ok());
  dialer_ = *std::move(dialer);
  dialer_->Connect(to, loop_->Now() + absl::Seconds(2),
                   [this](absl::StatusOr<std::unique_ptr<io::Stream>> stream) {
                     if (stream.ok()) Take(*std::move(stream), true);
                   });
}

void SimRouter::OnAccepted(std::unique_ptr<io::Stream> stream) {
  ++dials_;
  if (loop_->Now() < deaf_until_) return;  // A reset.
  if (Connection* const old = Established()) {
    if (options_.restart_seconds == 0) {
      (void)stream->Send(Framed(kNotification, {6, 7}));
      stream->FinishSending();
      return;
    }
    EndConnection(*old, "replaced");
  }
  Take(std::move(stream), false);
}

void SimRouter::Take(std::unique_ptr<io::Stream> stream, bool dialled) {
  Forget();
  Connection& connection = connections_.emplace_back();
  connection.stream = std::move(stream);
  connection.dialled = dialled;
  connection.hold = absl::Seconds(240);
  connection.hold_timer =
      loop_->NewTimer([this, &connection] { NotifyOn(connection, 4, 0); });
  connection.keepalive_timer =
      loop_->NewTimer([this, &connection] { SendKeepalive(connection); });
  SendOpen(connection);
  connection.stream->Receive(
      [this, &connection](absl::Span<const uint8_t> bytes) {
        OnBytes(connection, bytes);
      },
      [this, &connection](const absl::Status& reason) {
        EndConnection(connection, reason.ok() ? "closed" : "reset");
      });
}

void SimRouter::OnBytes(Connection& connection,
                        absl::Span<const uint8_t> bytes) {
  connection.buffer.insert(connection.buffer.end(), bytes.begin(), bytes.end());
  while (connection.state != State::kOver) {
    const auto message = TakeMessage(connection.buffer, faults_);
    if (!message) return;
    OnMessage(connection, *message);
  }
}

void SimRouter::OnMessage(Connection& connection, const HeardBytes& message) {
  const int type = message[18];
  ++heard_[type];
  const bool fits =
      type == kNotification ||
      (type == kOpen && connection.state == State::kOpenSent) ||
      (type == kKeepalive && connection.state != State::kOpenSent) ||
      connection.state == State::kEstablished;
  if (!fits) {
    faults_.push_back(fmt::format("message {} in state {}", type,
                                  static_cast<int>(connection.state)));
    return;
  }
  switch (type) {
    case kOpen:
      return OnOpen(connection, message);
    case kNotification:
      return OnNotification(connection, message);
    case kKeepalive:
      return OnKeepalive(connection);
    default:
      return OnUpdate(connection, message);  // Or a refresh's marks.
  }
}

void SimRouter::OnOpen(Connection& connection, const HeardBytes& message) {
  if (options_.refuses_capabilities && message[28] != 0) {
    return NotifyOn(connection, 2, 4);
  }
  open_ = connection.open = ReadOpen(message, faults_);
  const HeardOpen& open = connection.open;
  if (open.version != 4 || open.identifier == 0) faults_.push_back("OPEN");
  if (open.has_parameters && (!open.has(1) || !open.has(2) || !open.has(64) ||
                              !open.has(65) || !open.has(70))) {
    faults_.push_back("OPEN: a capability is missing");
  }
  if (open.asn() != options_.peer_asn &&
      (open.has(65) || options_.peer_asn <= 0xffff)) {
    return NotifyOn(connection, 2, 2);
  }
  if (open.hold_seconds == 1 || open.hold_seconds == 2) {
    return NotifyOn(connection, 2, 6);
  }
  connection.receiver.emplace(
      Receiver::Terms{.speaker_as = {options_.peer_asn},
                      .internal = options_.peer_asn == options_.asn,
                      .four_octet_as = options_.capabilities && open.has(65)});
  connection.hold =
      absl::Seconds(std::min(open.hold_seconds, options_.hold_seconds));
  if (!WinsCollision(connection)) return;
  connection.state = State::kOpenConfirm;
  SendKeepalive(connection);
  Prolong(connection);
}

bool SimRouter::WinsCollision(Connection& connection) {
  for (Connection& other : connections_) {
    if (&other == &connection || other.state != State::kOpenConfirm) continue;
    const auto ours = std::pair(options_.identifier, options_.asn);
    const auto theirs =
        std::pair(connection.open.identifier, options_.peer_asn);
    const bool keeps_own = ours > theirs;
    Connection& loser = connection.dialled == keeps_own ? other : connection;
    NotifyOn(loser, 6, 7);
    return &loser != &connection;
  }
  return true;
}

void SimRouter::OnKeepalive(Connection& connection) {
  Prolong(connection);
  if (connection.state == State::kEstablished) return;
  if (established() > 0) faults_.push_back("a second Established session");
  connection.state = State::kEstablished;
  ForgetUnforwarded(connection.open);
  for (Connection& other : connections_) {
    if (&other == &connection || other.state == State::kOver) continue;
    NotifyOn(other, 6, 7);
  }
}

// RFC 4724, section 4.2: routes of a family whose F bit is not set are dropped.
void SimRouter::ForgetUnforwarded(const HeardOpen& open) {
  std::set<uint8_t> kept;  // By AFI.
  const auto restart = open.capabilities.find(64);
  if (restart != open.capabilities.end()) {
    const HeardBytes& value = restart->second;
    for (size_t at = 2; at + 4 <= value.size(); at += 4) {
      if ((value[at + 3] & 0x80) != 0) kept.insert(value[at + 1]);
    }
  }
  std::erase_if(stale_, [&](const auto& route) {
    return !kept.contains(AfiOf(route.first.address.family()));
  });
}

void SimRouter::OnUpdate(Connection& connection, const HeardBytes& message) {
  if (message[18] == kUpdate) Prolong(connection);
  Receiver& receiver = *connection.receiver;
  const std::string error = receiver.Receive(message);
  if (!error.empty()) faults_.push_back(error);
  for (const auto family : kFamilies) {
    const bool is_offered =
        family == net::IpFamily::kIpv4 ? options_.ipv4 : options_.ipv6;
    const size_t ends = receiver.ends_of_rib(family);
    const bool is_told =
        ends > 0 || std::any_of(receiver.table().begin(),
                                receiver.table().end(), [&](const auto& one) {
                                  return one.first.address.family() == family;
                                });
    if (!is_offered && is_told) faults_.push_back("a family not agreed");
    if (ends == 0) continue;
    // What was not told again is gone (RFC 4724, section 4.2).
    std::erase_if(stale_, [&](const auto& route) {
      return route.first.address.family() == family;
    });
  }
}

void SimRouter::OnNotification(Connection& connection,
                               const HeardBytes& message) {
  std::string how = fmt::format("{}/{}", message[19], message[20]);
  const bool has_text =
      message[19] == 6 && (message[20] == 2 || message[20] == 4);
  if (has_text && message.size() > 22) {
    how += " " + std::string(message.begin() + 22, message.end());
  }
  EndConnection(connection, std::move(how));
}

void SimRouter::SendOpen(Connection& connection) {
  HeardBytes body = {4};
  Put(body, options_.asn <= 0xffff ? options_.asn : 23456, 2);
  Put(body, static_cast<uint64_t>(options_.hold_seconds), 2);
  Put(body, options_.identifier, 4);
  const HeardBytes capabilities =
      options_.capabilities ? CapabilitiesOf(options_) : HeardBytes();
  if (capabilities.empty()) {
    body.push_back(0);
  } else {
    Put(body, capabilities.size() + 2, 1);
    body.push_back(2);
    Put(body, capabilities.size(), 1);
    body.insert(body.end(), capabilities.begin(), capabilities.end());
  }
  (void)connection.stream->Send(Framed(kOpen, body));
}

void SimRouter::SendKeepalive(Connection& connection) {
  if (connection.state == State::kOver) return;
  if (options_.sends_keepalives) {
    (void)connection.stream->Send(Framed(kKeepalive, {}));
  }
  if (connection.hold > absl::ZeroDuration()) {
    connection.keepalive_timer->Arm(loop_->Now() + connection.hold / 3);
  }
}

void SimRouter::Prolong(Connection& connection) {
  if (connection.hold == absl::ZeroDuration()) return;
  connection.hold_timer->Arm(loop_->Now() + connection.hold);
}

void SimRouter::NotifyOn(Connection& connection, int code, int subcode) {
  if (connection.state == State::kOver) return;
  (void)connection.stream->Send(
      Framed(kNotification,
             {static_cast<uint8_t>(code), static_cast<uint8_t>(subcode)}));
  connection.stream->FinishSending();
  EndConnection(connection, fmt::format("we said {}/{}", code, subcode));
  if (code != 6) deaf_until_ = loop_->Now() + options_.deaf;
}

void SimRouter::EndConnection(Connection& connection, std::string how) {
  if (connection.state == State::kOver) return;
  const bool was_established = connection.state == State::kEstablished;
  connection.state = State::kOver;
  connection.hold_timer->Disarm();
  connection.keepalive_timer->Disarm();
  const bool without_word =
      how == "closed" || how == "reset" || how == "replaced";
  ends_.push_back(std::move(how));
  if (!was_established) return;
  const auto restart = connection.open.capabilities.find(64);
  const bool keeps = without_word && options_.restart_seconds > 0 &&
                     restart != connection.open.capabilities.end() &&
                     restart->second.size() > 2;
  if (!keeps) return stale_.clear();
  for (const auto& [prefix, held] : connection.receiver->table()) {
    stale_.insert_or_assign(prefix, held);
  }
  const int seconds = (restart->second[0] & 0x0f) << 8 | restart->second[1];
  stale_timer_->Arm(loop_->Now() + absl::Seconds(seconds));
}

SimRouter::Routes SimRouter::routes() const {
  const Connection* const connection = Established();
  Routes routes =
      connection == nullptr ? Routes() : connection->receiver->table();
  routes.insert(stale_.begin(), stale_.end());  // Those not told again.
  return routes;
}

std::set<net::IpFamily> SimRouter::complete() const {
  std::set<net::IpFamily> complete;
  const Connection* const connection = Established();
  if (connection == nullptr) return complete;
  for (const auto family : kFamilies) {
    if (connection->receiver->ends_of_rib(family) > 0) complete.insert(family);
  }
  return complete;
}

size_t SimRouter::refreshes(net::IpFamily family) const {
  const Connection* const connection = Established();
  return connection == nullptr ? 0 : connection->receiver->refreshes(family);
}

const SimRouter::Connection* SimRouter::Established() const {
  return const_cast<SimRouter*>(this)->Established();
}

SimRouter::Connection* SimRouter::Established() {
  const auto found = std::find_if(
      connections_.begin(), connections_.end(),
      [](const Connection& one) { return one.state == State::kEstablished; });
  return found == connections_.end() ? nullptr : &*found;
}

// The streams of what is over stay until then: their peers may have more to
// say.
void SimRouter::Forget() {
  if (connections_.size() < 4) return;
  connections_.remove_if(
      [](const Connection& one) { return one.state == State::kOver; });
}

void SimRouter::AskRefresh(net::IpFamily family) {
  Send(Framed(kRefresh, {0, AfiOf(family), 0, 1}));
}

void SimRouter::Send(const HeardBytes& bytes) {
  if (Connection* const connection = Established()) {
    (void)connection->stream->Send(bytes);
  }
}

void SimRouter::Notify(int code, int subcode) {
  if (Connection* const connection = Established()) {
    NotifyOn(*connection, code, subcode);
  }
}

void SimRouter::Reset() {
  for (Connection& connection : connections_) {
    EndConnection(connection, "reset");
  }
  connections_.clear();
}

void SimRouter::SetMd5Key(const std::string& key) {
  options_.md5_key = key;
  for (Connection& connection : connections_) {
    if (connection.state == State::kOver) continue;
    LB_CHECK(connection.stream->SetMd5Key(key).ok());
  }
  Listen();
}

int SimRouter::established() const {
  return static_cast<int>(std::count_if(
      connections_.begin(), connections_.end(),
      [](const Connection& one) { return one.state == State::kEstablished; }));
}

int SimRouter::connected() const {
  return static_cast<int>(std::count_if(
      connections_.begin(), connections_.end(),
      [](const Connection& one) { return one.state != State::kOver; }));
}

std::string SimRouter::RoutesText() const {
  std::string text;
  for (const auto& [prefix, held] : routes()) {
    text += prefix.ToString() + " next-hop";
    const auto hop = absl::MakeConstSpan(held.next_hop);
    const size_t size = std::min<size_t>(hop.size(), 16);
    for (size_t at = 0; at < hop.size(); at += size) {
      text +=
          " " + net::IpAddress::FromBytes(hop.subspan(at, size))->ToString();
    }
    const std::string attributes = held.attributes.ToString();
    text += (attributes.empty() ? "" : " ") + attributes + "\n";
  }
  return text;
}

int SimRouter::heard(int type) const {
  const auto found = heard_.find(type);
  return found == heard_.end() ? 0 : found->second;
}

}  // namespace lb::bgp

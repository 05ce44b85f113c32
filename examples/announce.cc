// Answers ARP or NDP for one address on one interface, by lb/announce alone.
//
//   announce eth0 198.51.100.100      (as root, or with CAP_NET_RAW)
//
// Until Ctrl-C; then prints what became of each frame that it received. Try
// `arping -c 3 198.51.100.100` from another host of the network meanwhile.
#include <csignal>
#include <string>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "lb/announce/announce_node.h"
#include "lb/announce/announcement_plan.h"
#include "lb/announce/announcer.h"
#include "lb/announce/interface.h"
#include "lb/announce/verdict.h"
#include "lb/base/event_log.h"
#include "lb/io/posix/netlink_links.h"
#include "lb/io/posix/pcap_frames.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/signals.h"
#include "lb/net/ip_address.h"

namespace {

int Fail(const absl::Status& status) {
  fmt::print(stderr, "announce: {}\n", std::string(status.message()));
  return 1;
}

void Report(const lb::announce::Announcer& announcer) {
  for (size_t i = 0; i < lb::announce::kVerdictCount; ++i) {
    const auto verdict = static_cast<lb::announce::Verdict>(i);
    fmt::print("{:18} {}\n", ToString(verdict), announcer.verdicts()[verdict]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: announce INTERFACE ADDRESS\n");
    return 2;
  }
  const auto vip = lb::net::ParseIpAddress(argv[2]);
  if (!vip.ok()) return Fail(vip.status());

  lb::io::PosixLoop loop;
  lb::io::PcapFrames frames(&loop);
  const auto links = lb::io::NetlinkLinks::Create(&loop);
  if (!links.ok()) return Fail(links.status());
  lb::EventLog log;
  log.SetObserver([](const lb::Event& event) {
    fmt::print(stderr, "{} {}: {}\n", event.reason, event.object.ToString(),
               event.message);
  });

  // Announces on the named interface only, whatever is excluded by default.
  lb::announce::AnnounceNode node(
      {.interfaces = {.include = {argv[1]}, .exclude = {}}},
      {{.loop = &loop, .links = links->get(), .log = &log}, &frames});
  node.Start();
  // Announces unless another host has the address already.
  node.SetAnnouncements(
      {{*vip,
        {.interfaces = {argv[1]}, .role = lb::announce::Role::kProbeFirst}}});

  const auto signals = lb::io::Signals::Create(&loop, {SIGINT, SIGTERM},
                                               [&](int) { loop.Stop(); });
  if (!signals.ok()) return Fail(signals.status());
  loop.Run();
  Report(node.announcer());
  return 0;
}

// NodeProbes: whether nodes answer this process, by TCP.
//
// A probe opens a connection to the port of the node's kubelet and closes it. A
// node answers if the connection is made, or if its kernel refuses it: then the
// machine has power, whatever became of its processes. Nothing is sent, so no
// right and no certificate is needed.
//
//   NodeProbes probes(loop, streams, [&](const std::string& node, bool answers)
//   {
//   });
//   probes.Probe("n1", {address, 10250});
//
// At most one probe of a node at a time. Loop thread only; the loop and the
// factory outlive it.
#ifndef LB_DAEMON_KUBERNETES_NODE_PROBES_H_
#define LB_DAEMON_KUBERNETES_NODE_PROBES_H_

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "lb/config/yaml_tree.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/kubernetes/object_meta.h"
#include "lb/net/endpoint.h"

namespace lb {

// A Node, as far as it matters here.
struct NodeEntry {
  std::string name;
  bool is_ready = false;  // Its condition Ready is True.
  // Where its kubelet listens; nullopt: it names no address.
  std::optional<net::Endpoint> kubelet;
};
NodeEntry ReadNodeEntry(const kubernetes::ObjectMeta& meta,
                        const config::YamlNode& object);

class NodeProbes {
 public:
  // How long a node has to answer.
  static constexpr absl::Duration kTimeout = absl::Milliseconds(400);

  using OnProbed = std::function<void(const std::string& node, bool answers)>;

  // `on_probed` comes on a later turn than Probe().
  NodeProbes(io::Loop* loop, io::StreamFactory* streams, OnProbed on_probed);

  // Nothing happens while an earlier probe of the node is under way.
  void Probe(const std::string& node, const net::Endpoint& kubelet);

 private:
  io::Loop* const loop_;
  const OnProbed on_probed_;
  std::unique_ptr<io::StreamDialer> dialer_;  // Null: there is none.
  std::set<std::string> under_way_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_NODE_PROBES_H_

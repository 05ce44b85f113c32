// NameHint: finds the known name that is nearest to an unknown one, and the
// services that hold an address. Asks the node for its names.
#ifndef LB_DAEMON_LBCTL_NAME_HINT_H_
#define LB_DAEMON_LBCTL_NAME_HINT_H_

#include <functional>
#include <string>
#include <vector>

#include "daemon/lbctl/client.h"
#include "grpcpp/grpcpp.h"

namespace lb::lbctl {

// Returns a hint for a refusal. Empty: no name is near, or the refusal is not
// about a name.
using NameHint = std::function<std::string(const Client&, const grpc::Status&)>;

NameHint HintOfService(const std::string& service);
NameHint HintOfNodes(const std::vector<std::string>& nodes);

// NotFound: there is no such member, or pool. The message names the nearest, or
// all if they are few. OK: it exists, or `name` is empty, or the node does not
// list its names.
grpc::Status CheckMember(const Client& client, const std::string& name);
grpc::Status CheckPool(const Client& client, const std::string& name);

// Finds the services that hold the address, at least one. NotFound: none does.
grpc::Status FindHolders(const Client& client, const std::string& address,
                         std::vector<std::string>* services);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_NAME_HINT_H_

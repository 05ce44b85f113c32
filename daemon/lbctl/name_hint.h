// NameHint: the known name that is nearest to one that the node does not know,
// and the services that hold an address. Asks the node for its names.
#ifndef LB_DAEMON_LBCTL_NAME_HINT_H_
#define LB_DAEMON_LBCTL_NAME_HINT_H_

#include <functional>
#include <string>
#include <vector>

#include "daemon/lbctl/client.h"
#include "grpcpp/grpcpp.h"

namespace lb::lbctl {

// By the refusal; empty: no name is near, or the refusal is about no name.
using NameHint = std::function<std::string(const Client&, const grpc::Status&)>;

NameHint HintOfService(const std::string& service);
NameHint HintOfNodes(const std::vector<std::string>& nodes);

// NOT_FOUND: there is no such member, or pool; names the nearest, or all if
// they are few. OK: there is, or `name` is empty, or the names cannot be asked.
grpc::Status CheckMember(const Client& client, const std::string& name);
grpc::Status CheckPool(const Client& client, const std::string& name);

// The services that hold the address; at least one. NOT_FOUND: none does.
grpc::Status FindHolders(const Client& client, const std::string& address,
                         std::vector<std::string>* services);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_NAME_HINT_H_

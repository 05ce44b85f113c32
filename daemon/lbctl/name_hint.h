// NameHint: what a user probably meant who gave a name that the node does not
// know. Asks the node for the names that there are.
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

// What there is; nothing if it cannot be asked.
std::vector<std::string> MemberNames(const Client& client);
std::vector<std::string> PoolNames(const Client& client);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_NAME_HINT_H_

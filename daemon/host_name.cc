#include "daemon/host_name.h"

#include <unistd.h>

#include <array>

namespace lb {

std::string HostName() {
  std::array<char, 256> name = {};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace lb

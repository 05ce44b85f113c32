// lbctl: asks a node of the load balancer and prints the answer.
#include "daemon/lbctl/command_line.h"

int main(int argc, char** argv) {
  return lb::lbctl::RunCommandLine(argc, argv);
}

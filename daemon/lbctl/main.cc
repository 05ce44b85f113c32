// lbctl: shows and changes what a node of the load balancer does.
#include "daemon/lbctl/command_line.h"

int main(int argc, char** argv) {
  return lb::lbctl::RunCommandLine(argc, argv);
}

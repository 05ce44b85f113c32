// The command line of lbctl.
#ifndef LB_DAEMON_LBCTL_COMMAND_LINE_H_
#define LB_DAEMON_LBCTL_COMMAND_LINE_H_

namespace lb::lbctl {

// Reads the arguments and does what they ask. Returns the exit status.
int RunCommandLine(int argc, char** argv);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_COMMAND_LINE_H_

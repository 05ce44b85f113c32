// ConfigurationStateWriter: keeps the ConfigurationState of this process at the
// API server.
//
// It is written when the result or the text is another one. The time of the
// last transition stays while the result does, also over a restart.
//
//   ConfigurationStateWriter state(ports, ConfigurationReader::Speaker("n1"),
//                                  "metallb-system", prng);
//   state.Update({Result::kValid, ""});
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_WRITER_H_
#define LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_WRITER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/kubernetes/configuration_state.h"
#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/status_object_writer.h"
#include "daemon/kubernetes/status_objects.h"
#include "lb/base/prng.h"

namespace lb {

class ConfigurationStateWriter {
 public:
  ConfigurationStateWriter(const StatusObjectWriter::Ports& ports,
                           ConfigurationReader reader,
                           const std::string& own_namespace, const Prng& prng);

  // Takes the problems of the Desired, if they may be others than at the last
  // call.
  void Follow(const SourceUpdate& update);
  // The server is there, but part of the configuration cannot be read, for this
  // reason: the state is Unknown. Empty: all of it can. While there is a reason
  // the first one counts.
  void SetUnread(const std::string& why);
  // The members that this process has lost, as LostMembersText() has them.
  void SetLost(const std::string& lost);
  void SetOwner(const StatusOwner& owner);

  const StatusObjects& objects() const { return writer_.objects(); }

 private:
  void Update();
  void Want();

  io::Loop* const loop_;
  const ConfigurationReader reader_;
  ConditionTime time_;  // The condition's, as it was written or read last.
  std::optional<ConfigurationState> read_;   // By Follow().
  std::string unread_;                       // By SetUnread().
  std::string lost_;                         // By SetLost().
  std::optional<ConfigurationState> state_;  // It follows from these.
  std::optional<size_t> problems_;  // Their number, at the last Follow().
  StatusObjectWriter writer_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_CONFIGURATION_STATE_WRITER_H_

using InferenceServer.Inference;
using InferenceServer.Telemetry.Metrics;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>Checks the attributes of <see cref="ServerOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;

/// <summary>Checks the attributes of <see cref="InferenceOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class InferenceOptionsValidator : IValidateOptions<InferenceOptions>;

/// <summary>Checks the attributes of <see cref="MetricsOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class MetricsOptionsValidator : IValidateOptions<MetricsOptions>;

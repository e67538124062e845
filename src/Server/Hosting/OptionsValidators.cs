using InferenceServer.Inference;
using InferenceServer.Server.Access;
using InferenceServer.Server.Responses;
using InferenceServer.Telemetry.Metrics;
using InferenceServer.Telemetry.Power;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>Checks the attributes of <see cref="ServerOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;

/// <summary>Checks the attributes of <see cref="LogOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class LogOptionsValidator : IValidateOptions<LogOptions>;

/// <summary>Checks the attributes of <see cref="InferenceOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class InferenceOptionsValidator : IValidateOptions<InferenceOptions>;

/// <summary>Checks the attributes of <see cref="CacheOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class CacheOptionsValidator : IValidateOptions<CacheOptions>;

/// <summary>Checks the attributes of <see cref="EngineOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class EngineOptionsValidator : IValidateOptions<EngineOptions>;

/// <summary>Checks the attributes of <see cref="MetricsOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class MetricsOptionsValidator : IValidateOptions<MetricsOptions>;

/// <summary>Checks the attributes of <see cref="PowerOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class PowerOptionsValidator : IValidateOptions<PowerOptions>;

/// <summary>Checks the attributes of <see cref="ResponsesOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class ResponsesOptionsValidator : IValidateOptions<ResponsesOptions>;

/// <summary>Checks the attributes of <see cref="LimitOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class LimitOptionsValidator : IValidateOptions<LimitOptions>;

using InferenceServer.Inference;
using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Hosting;

/// <summary>Checks the attributes of <see cref="ServerOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;

/// <summary>Checks the attributes of <see cref="InferenceOptions"/>; generated.</summary>
[OptionsValidator]
internal sealed partial class InferenceOptionsValidator : IValidateOptions<InferenceOptions>;

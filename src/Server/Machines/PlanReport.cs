using InferenceServer.Inference;
using InferenceServer.Inference.Models;
using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Server.Machines;

/// <summary>A model on a machine: the plan as it was asked for, and how the other types of the cache would do. Immutable.</summary>
internal sealed record PlanReport
{
    /// <summary>The model.</summary>
    public required ModelFile File { get; init; }

    /// <summary>The machine.</summary>
    public required Machine Machine { get; init; }

    /// <summary>As it was asked for.</summary>
    public required PlanVariant Chosen { get; init; }

    /// <summary>With each type of the cache, the chosen one among them.</summary>
    public required IReadOnlyList<PlanVariant> Variants { get; init; }

    /// <summary>Tokens of one conversation.</summary>
    public required int Tokens { get; init; }

    /// <summary>True if the server would load it.</summary>
    public bool Fits => Chosen.Plan.FindExceeded(Machine.Limits.Where(limit => limit.IsFirm)).Count == 0;

    /// <summary>Plans a model for a machine.</summary>
    public static PlanReport Create(ModelFile file, PlanSettings settings, Machine machine, int tokens)
    {
        KvCacheType[] types = [settings.KvCacheType == KvCacheType.BF16 ? KvCacheType.BF16 : KvCacheType.F16, KvCacheType.Q8_0, KvCacheType.Q4_0];
        var variants = types.Select(type => PlanVariant.Create(file, settings with { KvCacheType = type }, machine)).ToList();
        return new PlanReport
        {
            File = file,
            Machine = machine,
            Chosen = variants.Single(variant => variant.Plan.Settings.KvCacheType == settings.KvCacheType),
            Variants = variants,
            Tokens = tokens,
        };
    }
}

using InferenceServer.Inference.Models;
using InferenceServer.Inference.Native;
using InferenceServer.Testing;

namespace InferenceServer.Integration.Tests.Models;

/// <summary>The vocabularies of the test data, each loaded once per test class.</summary>
public sealed class VocabularyFixture : IDisposable
{
    private readonly Dictionary<string, LoadedModel> _models = [];

    /// <summary>A vocabulary without weights.</summary>
    internal LoadedModel this[string name]
    {
        get
        {
            if (!_models.TryGetValue(name, out var model))
            {
                model = Load(new ModelLoadSettings { Path = VocabularyCases.File(name), VocabularyOnly = true });
                _models.Add(name, model);
            }

            return model;
        }
    }

    public void Dispose()
    {
        foreach (var model in _models.Values)
        {
            model.Dispose();
        }
    }

    internal static LoadedModel Load(ModelLoadSettings settings)
    {
        var result = LoadedModel.Load(settings, CancellationToken.None);
        Assert.Null(result.Detail);
        Assert.Equal(ModelLoadStatus.Loaded, result.Status);
        return result.Model!;
    }
}

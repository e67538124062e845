using System.Collections.Immutable;
using InferenceServer.Inference.Chat.Output;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Grammar;
using InferenceServer.Inference.Models;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Endpoints;

/// <summary>What a chat request wants of the answer's form, as a checked grammar in the model's notation. Any thread.</summary>
internal sealed class ChatConstraints(IInferenceEngine engine, ServedModel model, GrammarStop grammars)
{
    /// <summary>The grammar, or none if the answer is free.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="prompt">As rendered.</param>
    public Checked<AnswerForm> Build(ValidChatRequest request, PromptText prompt)
    {
        var use = request.Tools;
        if (!use.IsConstrained && request.Constraint is null)
        {
            return new AnswerForm(null, model.Format);
        }

        // The answer will be calls, but a schema that is none is a mistake all the same.
        if (use.MustCall && request.Constraint is { } unused && grammars.CheckAlone(unused) is { } wrong)
        {
            return wrong;
        }

        var tools = use.Tools;
        while (true)
        {
            var grammar = ChatGrammar.Of(model.Format, prompt, engine.ControlTokens, new ChatConstraint
            {
                Tools = [.. tools.Select(tool => new CallableTool(tool.Name, tool.Arguments))],
                MustCall = use.MustCall,
                IsSingleCall = use.IsSingle,
                Content = use.MustCall ? null : request.Constraint,
            });
            ImmutableArray<GrammarPart.Embedded> parts = [.. tools.Select(tool => tool.Arguments)];
            if (grammars.Check(grammar.Source, [.. request.Constraint is null ? parts : parts.Insert(0, request.Constraint)]) is not { } error)
            {
                return new AnswerForm(grammar.Source, grammar.Format);
            }

            // Agents bring tools whose schemas nobody has checked: one that nobody wants enforced is no reason to refuse them.
            var ignored = use.MustCall ? null : tools.FirstOrDefault(tool => !tool.IsStrict && grammars.CheckAlone(tool.Arguments) is not null);
            if (ignored is null)
            {
                return error;
            }

            grammars.Ignore(ignored, error);
            tools = tools.Replace(ignored, ignored with { Arguments = ignored.Arguments with { Source = GrammarSource.AnyJsonObject } });
        }
    }
}

/// <summary>The form of an answer.</summary>
/// <param name="Grammar">What the whole output must fit; null for anything.</param>
/// <param name="Format">How to read it.</param>
internal sealed record AnswerForm(GrammarSource? Grammar, ChatFormat Format);
